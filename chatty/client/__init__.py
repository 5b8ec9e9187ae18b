"""Connecting to a server, calling it, and receiving streams. Knows only the protocol."""
