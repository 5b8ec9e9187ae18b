"""Things as the server would send them, with text that tries to do harm."""

from tests.cli.fake_server import Json

FIRST = "01900000-0000-7000-8000-00000000000a"
SECOND = "01900000-0001-7000-8000-00000000000b"
HOSTILE_TITLE = "Plans \x1b[31mfor\x07 the \u202eworld\n2nd line"
AT = "2024-06-01T10:00:00.000Z"


def conversation(conversation_id: str = FIRST, title: str = "Garden", **more: object) -> Json:
    return {
        "id": conversation_id,
        "title": title,
        "title_source": "message",
        "project_id": None,
        "model": "openai/tiny",
        "system": None,
        "params": {},
        "origin": "script",
        "ephemeral": False,
        "head": 9,
        "message_count": 2,
        "version": 3,
        "created_at": AT,
        "updated_at": AT,
        "last_message_at": AT,
        "archived_at": None,
        "is_answering": False,
        **more,
    }


def message(number: int, role: str, text: str, **more: object) -> Json:
    return {
        "id": f"01900000-0000-7000-8000-0000000001{number:02d}",
        "conversation_id": FIRST,
        "parent_id": f"01900000-0000-7000-8000-0000000001{number - 1:02d}" if number else None,
        "created_seq": number,
        "role": role,
        "status": "completed",
        "parts": [{"type": "text", "text": text, "name": None, "status": "completed", "g": 0}],
        "created_at": AT,
        "author": {"id": "u", "name": "owner"} if role == "user" else None,
        "provider": "openai" if role == "assistant" else None,
        "model": "tiny" if role == "assistant" else None,
        "usage": None,
        "error": None,
        **more,
    }


PROMPT: Json = {
    "id": "01900000-0000-7000-8000-0000000000f1",
    "name": "review",
    "project_id": None,
    "title": "Review of code",
    "tags": ["code", "daily"],
    "latest": {
        "n": 2,
        "body": "Review this:\n{{code}}",
        "variables": ["code"],
        "note": "shorter",
        "created_at": AT,
    },
    "version": 7,
    "created_at": AT,
    "updated_at": AT,
}

PROJECT: Json = {
    "id": "01900000-0000-7000-8000-0000000000e1",
    "name": "garden",
    "instructions": "Answer for a cold climate.\nBe brief.",
    "default_model": "openai/tiny",
    "params": {},
    "version": 4,
    "created_at": AT,
    "updated_at": AT,
    "archived_at": None,
}
