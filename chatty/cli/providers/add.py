"""``chatty providers add``: the key comes from a prompt, a pipe or a variable, never from an option.

Options are seen by everybody in the process list and kept in the shell's history.
"""

import os
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from chatty.cli.arguments import AsJson, complete_providers
from chatty.cli.confirmation import confirm
from chatty.cli.errors import usage_error
from chatty.cli.output.json import print_json
from chatty.cli.output.notes import say
from chatty.cli.session import Session
from chatty.cli.standard_input import read_all
from chatty.rendering.sanitizer import sanitize

EXAMPLE = "pass show openai | chatty providers add openai --key-stdin"

_LONGEST_KEY = 10000


class Place(StrEnum):
    """Where a key is kept."""

    KEYRING = "keyring"
    FILE = "file"


class Kind(StrEnum):
    """Whose protocol an endpoint speaks."""

    OPENAI = "openai"
    GROQ = "groq"


def add_provider(
    provider: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="openai, groq, or a name for an endpoint of your own.",
            autocompletion=complete_providers,
        ),
    ] = None,
    base_url: Annotated[
        str | None, typer.Option("--base-url", metavar="URL", help="The address of an endpoint of your own.")
    ] = None,
    kind: Annotated[Kind | None, typer.Option("--kind", help="The protocol it speaks.")] = None,
    model: Annotated[
        str | None,
        typer.Option("--default-model", metavar="MODEL", help="The model to use without a choice."),
    ] = None,
    key_stdin: Annotated[bool, typer.Option("--key-stdin", help="Read the key from standard input.")] = False,
    key_env: Annotated[
        str | None, typer.Option("--key-env", metavar="VARIABLE", help="Take the key from this variable.")
    ] = None,
    no_key: Annotated[bool, typer.Option("--no-key", help="The endpoint needs none.")] = False,
    keep_in: Annotated[
        Place,
        typer.Option("--keep-in", help="Where to keep the key; the file is plain text only you can read."),
    ] = Place.KEYRING,
    as_json: AsJson = False,
) -> None:
    """Keep a key, or add an endpoint of your own.

    It asks for the key; an endpoint of your own may do without. No option takes one: those can be seen by
    others.
    """
    name = provider or _asked_name()
    session = Session()
    may_be_none = base_url is not None and not key_stdin
    is_asked = os.isatty(0) and not (key_stdin or key_env is not None or no_key)
    if is_asked and not may_be_none:
        # Before the key: nobody should paste one and then hear that it can go nowhere.
        _require_known(session, name)
        keep_in = _agreed_place(name, keep_in)
    key = _key(name, keep_in, from_stdin=key_stdin, variable=key_env, none=no_key, may_be_none=may_be_none)
    if is_asked and may_be_none and key is not None:
        keep_in = _agreed_place(name, keep_in)
    params: dict[str, Any] = {"name": name, "keep_in": keep_in.value}
    for field, value in (("base_url", base_url), ("kind", kind), ("default_model", model), ("api_key", key)):
        if value is not None:
            params[field] = str(value)
    added = session.call("provider.add", params)["provider"]
    if as_json:
        print_json({"provider": added})
    else:
        say(f"{added['name']}: key {_where(added['key_source'])}; try it with: chatty providers test {name}")
        if key is not None and _is_open_road(added.get("base_url") or ""):
            say(f"note: {added['base_url']} is not encrypted; on the way there the key can be read by others")


def _asked_name() -> str:
    """Ask which provider is meant, if there is somebody to ask."""
    if not os.isatty(0):
        raise usage_error("which provider? for example: chatty providers add openai --key-stdin")
    name = input("Provider (openai, groq, or a name for an endpoint of your own): ").strip()
    if not name:
        raise usage_error("no provider was named; nothing was kept")
    return name


def _require_known(session: Session, name: str) -> None:
    """Refuse a new name that comes without an address.

    Raises:
        ProtocolError: ``invalid_params/usage``.
    """
    known = [row["name"] for row in session.call("provider.list", {})["items"]]
    if name not in known:
        raise usage_error(
            f"there is no provider {name} yet; there are {', '.join(known)}. A new one needs its address: "
            f"chatty providers add {name} --base-url http://HOST:PORT/v1"
        )


def _is_open_road(address: str) -> bool:
    """Tell whether what is sent there leaves this machine unencrypted."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    return parts.scheme == "http" and host not in ("localhost", "::1") and not host.startswith("127.")


def _agreed_place(name: str, wanted: Place) -> Place:
    """Return where the key will go: without a keyring that is a file, if the person agrees.

    Raises:
        ProtocolError: ``cancelled``, when the answer is not yes.
    """
    from chatty.cli.system_keyring import can_keep_keys

    if wanted is Place.FILE or can_keep_keys():
        return wanted
    question = (
        "This system has no keyring. Keep the key for {} in a file, in plain text that only you can read?"
    )
    confirm(question, name, is_given=False)
    return Place.FILE


def _key(
    name: str, place: Place, *, from_stdin: bool, variable: str | None, none: bool, may_be_none: bool
) -> str | None:
    """Return the key that was given; none where none is needed."""
    if from_stdin + (variable is not None) + none > 1:
        raise usage_error("--key-stdin, --key-env and --no-key exclude each other; give one of them")
    if none:
        return None
    if variable is not None:
        return _checked(os.environ.get(variable, ""), f"the variable {variable}")
    if from_stdin or not os.isatty(0):
        key, source = read_all(_LONGEST_KEY + 1).decode("utf-8", "replace"), "standard input"
    else:
        key, source = _asked(sanitize(name, multiline=False), place, may_be_none), "what was typed"
    return None if may_be_none and not key.strip() else _checked(key, source)


def _asked(name: str, place: Place, may_be_none: bool) -> str:
    # Turns the terminal's echo off and back on, also on ctrl+c.
    from getpass import getpass

    try:
        # Where a key may be none, the question of its place comes behind it.
        about = "enter: none" if may_be_none else f"goes to the {place.value}"
        return getpass(f"Key for {name} (not shown; {about}): ")
    except EOFError:
        return ""


def _checked(key: str, source: str) -> str:
    """Refuse what cannot be a key; the key itself is never quoted."""
    key = key.strip()
    if not key:
        raise usage_error(f"{source} holds no key; nothing was kept")
    if len(key) > _LONGEST_KEY or not key.isascii() or not key.isprintable() or " " in key:
        raise usage_error(f"{source} does not hold one key in plain characters; nothing was kept")
    return key


def _where(key_source: str) -> str:
    return {"keyring": "kept in the keyring", "file": "kept in a file", "not_needed": "not needed"}.get(
        key_source, key_source
    )
