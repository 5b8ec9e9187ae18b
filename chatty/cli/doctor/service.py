"""Checks that ask the server: is it there, and can somebody answer? They start it when it does not run."""

from collections.abc import Iterator
from typing import Any

from chatty.cli.doctor.finding import Finding, failed, ok, warning
from chatty.cli.exit_codes import exit_code
from chatty.cli.output.times import duration
from chatty.cli.session import Session
from chatty.protocol.errors import ProtocolError


def checks(*, has_keyring: bool) -> Iterator[Finding]:
    """Look at the server and, if it answers, at who can be asked through it."""
    try:
        session = Session()
    except ProtocolError as error:
        yield failed(
            "server", error.message, "name another in CHATTY_SERVER, or unset it", exit_code(error.type)
        )
        return
    found = server(session)
    yield found
    if found.status != "failed":
        yield from providers(session, has_keyring=has_keyring)


def server(session: Session) -> Finding:
    """Look at the server, starting the local one."""
    try:
        status = session.call("server.status", {}, timeout_seconds=20.0)
    except ProtocolError as error:
        return failed("server", error.message, _what_to_do(error), exit_code(error.type))
    if session.capabilities.get("read_only"):
        return warning(
            "server",
            f"{status['state']}, process {status['pid']}; {status['data_path']} can be read and not written",
            "make it writable, or use the version of chatty that wrote it",
        )
    return ok(
        "server",
        f"{status['state']}, process {status['pid']}, version {status['version']}, "
        f"up for {duration(status['uptime_seconds'])}",
    )


def providers(session: Session, *, has_keyring: bool) -> Iterator[Finding]:
    """Look at who can answer; no provider is asked, that is what ``chatty providers test`` is for."""
    try:
        rows = session.call("provider.list", {}, timeout_seconds=20.0)["items"]
    except ProtocolError as error:
        yield failed("providers", error.message, _what_to_do(error), exit_code(error.type))
        return
    ready = [row for row in rows if row["key_source"] != "missing" and row["name"] != "guide"]
    for row in ready:
        yield ok("provider", _ready(row))
    if not ready:
        yield warning(
            "providers",
            "no key for any provider; only the guide answers",
            "chatty providers add openai"
            if has_keyring
            else "export OPENAI_API_KEY, or: chatty providers add openai --keep-in file",
        )


def _ready(row: dict[str, Any]) -> str:
    source = row["key_source"]
    key = "no key" if source == "not_needed" else f"key from {source}"
    address = f", at {row['base_url']}" if row.get("base_url") else ""
    return f"{row['name']}: {key}{address}; not tried, that is: chatty providers test {row['name']}"


def _what_to_do(error: ProtocolError) -> str:
    if error.family == "storage":
        return "make that place usable as it says, or set CHATTY_HOME to another one"
    if error.type == "connection/peer":
        return "do that: the server and its answers are for you alone"
    if error.type == "connection/stuck":
        return "end it, nothing accepted is lost: chatty server stop --force"
    return "see: chatty server logs"
