"""Checks that ask the server: is it there, and can somebody answer? They start it when it does not run."""

from collections.abc import Iterator

from chatty.cli.doctor.finding import Finding, failed, ok, warning
from chatty.cli.exit_codes import exit_code
from chatty.cli.output.times import duration
from chatty.cli.session import Session
from chatty.protocol.errors import ProtocolError


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


def providers(session: Session) -> Iterator[Finding]:
    """Look at who can answer; no provider is asked, that is what ``chatty providers test`` is for."""
    try:
        rows = session.call("provider.list", {}, timeout_seconds=20.0)["items"]
    except ProtocolError as error:
        yield failed("providers", error.message, _what_to_do(error), exit_code(error.type))
        return
    ready = [row for row in rows if row["key_source"] not in ("missing", "not_needed")]
    for row in ready:
        yield ok("provider", f"{row['name']}: key from {row['key_source']}")
    if not ready:
        yield warning(
            "providers", "no key for any provider; only the guide answers", "chatty providers add openai"
        )


def _what_to_do(error: ProtocolError) -> str:
    if error.family == "storage":
        return "make that place usable as it says, or set CHATTY_HOME to another one"
    return "see: chatty server logs"
