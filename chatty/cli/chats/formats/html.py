"""Conversations as one HTML page that needs nothing else: no script, no font, no request to anywhere.

Every foreign character is escaped; the page forbids itself everything but its own style.
"""

from html import escape
from typing import Any

from chatty.cli.chats.formats.markdown import remark, speaker
from chatty.cli.output.foreign import for_terminal

Json = dict[str, Any]

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }}
body {{ color: #1c1c1c; background: #fff; }}
section {{ border-top: 1px solid #ccc; padding: .5rem 0; }}
h2 {{ font-size: 1rem; margin: .5rem 0; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: .5rem 0; }}
pre.file {{ font-family: ui-monospace, monospace; background: #f3f3f3; padding: .5rem; }}
.note {{ color: #595959; }}
@media (prefers-color-scheme: dark) {{
body {{ color: #e6e6e6; background: #151515; }}
pre.file {{ background: #242424; }}
.note {{ color: #a8a8a8; }}
}}
</style>
</head>
<body>
"""


def to_html(chats: list[tuple[Json, list[Json]]]) -> str:
    """Return one page with the conversations, each along its path in use."""
    # Before any of it is put together: what one text leaves unfinished must not take in the next.
    chats = [(for_terminal(conversation), for_terminal(messages)) for conversation, messages in chats]
    title = chats[0][0]["title"] if len(chats) == 1 else f"{len(chats)} conversations"
    return _HEAD.format(title=_safe(title)) + "".join(_chat(*chat) for chat in chats) + "</body>\n</html>\n"


def _chat(conversation: Json, messages: list[Json]) -> str:
    head = (
        f'<h1>{_safe(conversation["title"])}</h1>\n<p class="note">{_safe(conversation["created_at"])}</p>\n'
    )
    return head + "".join(_message(message) for message in messages)


def _message(message: Json) -> str:
    parts = "".join(_part(part) for part in message["parts"] if part["type"] == "text")
    note = remark(message)
    tail = f'<p class="note">{_safe(note)}</p>\n' if note else ""
    return f"<section>\n<h2>{_safe(speaker(message))}</h2>\n{parts}{tail}</section>\n"


def _part(part: Json) -> str:
    if part.get("name"):
        return f'<p class="note">{_safe(part["name"])}</p>\n<pre class="file">{_safe(part["text"])}</pre>\n'
    return f"<pre>{_safe(part['text'])}</pre>\n"


def _safe(text: str) -> str:
    return escape(text)
