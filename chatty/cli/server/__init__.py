"""``chatty server``: the local background server."""
