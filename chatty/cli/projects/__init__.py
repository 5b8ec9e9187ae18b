"""``chatty projects``: folders of prompts and conversations."""
