"""What happens to an unexpected error: an id on the screen, the traceback in a file of the owner.

What a report holds, and what not, is `chatty.client.crash_reports`.
"""

import os

from chatty.cli.exit_codes import ExitCode
from chatty.cli.failures import ErrorForm, say_failure
from chatty.client.crash_reports import save_report
from chatty.client.locations import Locations
from chatty.protocol.errors import ProtocolError


def report_bug(error: Exception, form: ErrorForm) -> ExitCode:
    """Save the traceback, say where it is, and return the exit code of a bug."""
    report = save_report(Locations.from_environment(os.environ).reports_dir, error)
    place = f"the traceback is in {report.path}" if report.path else "the traceback could not be saved"
    said = ProtocolError(
        "internal/bug",
        f"unexpected error {type(error).__name__}, report {report.id}; "
        f"conversations are not affected; {place}; --debug prints it",
        details={"report_id": report.id},
    )
    return say_failure(said, form)
