"""``chatty doctor``: runs every check, prints what was found, and ends with the code of the first failure."""

import os
from collections.abc import Iterator

from chatty.cli.arguments import AsJson
from chatty.cli.doctor import machine, service
from chatty.cli.doctor.finding import Finding, failed, ok
from chatty.cli.errors import Leave
from chatty.cli.exit_codes import exit_code
from chatty.cli.output.json import print_items
from chatty.cli.output.notes import say
from chatty.client.locations import Locations
from chatty.protocol.errors import ProtocolError

EXAMPLE = "chatty doctor --json"

_MARKS = {"ok": "ok     ", "warning": "warning", "failed": "FAILED "}


def doctor(as_json: AsJson = False) -> None:
    """Check what works, what does not, and what to do."""
    findings: list[Finding] = []
    for finding in _findings():
        findings.append(finding)
        if not as_json:
            _print(finding)
    if as_json:
        print_items([finding.to_json() for finding in findings])
    for finding in findings:
        if finding.status == "failed":
            raise Leave(finding.code)


def _findings() -> Iterator[Finding]:
    locations = Locations.from_environment(os.environ)
    yield from machine.versions()
    yield from machine.directories(locations)
    yield machine.disk(locations)
    yield machine.file_system(locations)
    yield _configuration(locations)
    yield machine.terminal()
    keyring = machine.keyring()
    yield keyring
    yield from service.checks(has_keyring=keyring.status == "ok")


def _configuration(locations: Locations) -> Finding:
    from chatty.client.settings import load

    if not os.path.exists(locations.config_file):
        return ok("configuration", f"no {locations.config_file}; everything is as it comes")
    try:
        load(locations.config_file)
    except ProtocolError as error:
        return failed(
            "configuration", error.message, "edit the file, see: chatty config path", exit_code(error.type)
        )
    return ok("configuration", locations.config_file)


def _print(finding: Finding) -> None:
    say(f"{_MARKS[finding.status]}  {finding.id.replace('_', ' ')}: {finding.detail}")
    if finding.fix:
        say(f"         do: {finding.fix}")
