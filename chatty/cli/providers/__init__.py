"""``chatty providers``: the vendors and endpoints that answer. Keys never pass through an option."""
