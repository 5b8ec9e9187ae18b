"""``chatty chats``: the conversations that are kept."""
