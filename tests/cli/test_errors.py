"""Error types, exit codes and the one line."""

import subprocess
import sys

import pytest

from chatty.cli.errors import error_from_object, error_line, error_object
from chatty.cli.exit_codes import ExitCode, exit_code
from chatty.protocol.errors import FAMILIES, ProtocolError


def test_every_family_of_the_protocol_has_a_code_on_purpose() -> None:
    bugs = {family for family in FAMILIES if exit_code(family) is ExitCode.BUG}
    assert bugs == {"internal"}


def test_unknown_types_of_a_newer_server_are_bugs_and_details_do_not_matter() -> None:
    assert exit_code("galaxy/exploded") is ExitCode.BUG
    assert exit_code("storage/anything_new") is ExitCode.STORAGE


def test_codes_are_the_published_ones() -> None:
    assert {code.name: code.value for code in ExitCode} == {
        "DONE": 0,
        "BUG": 1,
        "USAGE": 2,
        "PROVIDER": 3,
        "DENIED": 4,
        "NOT_FOUND": 5,
        "LIMIT": 6,
        "UNREACHABLE": 7,
        "SCHEMA": 8,
        "CONFLICT": 9,
        "STORAGE": 10,
        "TIMED_OUT": 124,
        "INTERRUPTED": 130,
        "CLOSED_PIPE": 141,
        "TERMINATED": 143,
    }


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ProtocolError("not_found", "nothing\nhere \x1b[31m"), "chatty: nothing here"),
        (
            ProtocolError("provider/auth", "No."),
            "chatty: No. (check the key with: chatty providers test NAME)",
        ),
        (
            ProtocolError("storage/keyring_unavailable", "No.", details={"provider": "lab"}),
            "chatty: No. (that is: chatty providers add lab --keep-in file)",
        ),
        (ProtocolError("provider/auth", "No; try: chatty models"), "chatty: No; try: chatty models"),
        (
            ProtocolError("provider/overloaded", "Busy.", retryable=True),
            "chatty: Busy. (trying again may help)",
        ),
        (ProtocolError("rate_limited", "Wait, then try again."), "chatty: Wait, then try again."),
    ],
)
def test_line(error: ProtocolError, line: str) -> None:
    assert error_line(error) == line


def test_what_is_safe_is_said_once() -> None:
    error = ProtocolError("storage/unavailable", "It cannot be used. Nothing was sent; see: chatty doctor")
    assert error_line(error, safe="nothing was sent") == f"chatty: {error.message}"
    assert error_line(ProtocolError("not_found", "no"), safe="nothing was sent").endswith(
        "(nothing was sent)"
    )


def test_object_and_back() -> None:
    error = ProtocolError("provider/auth", "No.", retryable=True, retry_after_ms=5, details={"http": 401})
    value = error_object(error)
    assert value == {
        "type": "provider/auth",
        "message": "No.",
        "retryable": True,
        "retry_after_ms": 5,
        "details": {"http": 401},
    }
    assert error_object(error_from_object(value)) == value


def test_an_error_costs_no_import_of_the_standard_librarys_heavier_parts() -> None:
    program = "import chatty.protocol.errors, sys; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert set(found.stdout.split()) & {"dataclasses", "inspect", "typing", "re", "enum"} == set()
