"""``chatty models``: what can answer."""
