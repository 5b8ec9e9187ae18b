"""Reports of unexpected errors."""

import os
from pathlib import Path

from chatty.client.crash_reports import REPORTS_KEPT, describe, save_report


def test_report_holds_places_and_types_but_no_messages() -> None:
    try:
        try:
            raise ValueError("the prompt, the key")
        except ValueError as inner:
            raise KeyError("more secrets") from inner
    except KeyError as error:
        text = describe(error)
    assert "ValueError" in text
    assert "KeyError" in text
    assert "test_crash_reports.py" in text
    assert text.count("secrets") == text.count('KeyError("more secrets")')


def test_report_of_a_group_holds_what_is_in_it() -> None:
    assert "KeyError" in describe(ExceptionGroup("secret", [KeyError("secret")]))
    assert "secret" not in describe(ExceptionGroup("secret", [KeyError("secret")]))


def test_only_the_newest_reports_are_kept(tmp_path: Path) -> None:
    directory = tmp_path / "reports"
    ids = []
    for number in range(REPORTS_KEPT + 3):
        report = save_report(str(directory), ValueError())
        assert report.path is not None
        os.utime(report.path, (number, number))
        ids.append(report.id)
    assert {path.stem for path in directory.iterdir()} == set(ids[-REPORTS_KEPT:])


def test_disk_that_takes_nothing_leaves_the_id(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    report = save_report(str(tmp_path / "file" / "reports"), ValueError())
    assert report.path is None
    assert report.id
