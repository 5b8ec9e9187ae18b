"""Conversations as files: Markdown and HTML to read, JSON and JSONL to read back."""
