"""The full-screen client: screens, widgets, themes and the state they draw.

It draws a `Store` and asks a `Backend` for everything that needs the server; it opens no connection itself.
Importing this package imports nothing else: the screens are loaded by whoever starts the client.
"""
