"""``chatty prompts``: named texts with numbered versions."""
