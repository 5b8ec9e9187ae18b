"""The ways in over HTTP: the WebSocket, the one-request POST, and the handshake in front of both."""
