"""``chatty config``: the configuration file, by name."""
