"""What is declared about the package holds together."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()


def declared() -> list[Requirement]:
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    return [Requirement(line) for group in groups for line in group]


def test_constraints_pin_every_package_that_is_declared_within_its_bounds() -> None:
    pins: dict[str, list[str]] = {}
    for line in CONSTRAINTS:
        pin = Requirement(line)
        pins.setdefault(canonicalize_name(pin.name), []).append(next(iter(pin.specifier)).version)
    wanted = [it for it in declared() if it.name != "chatty"]
    assert [
        str(it)
        for it in wanted
        if not any(it.specifier.contains(version) for version in pins.get(canonicalize_name(it.name), []))
    ] == []


def test_constraints_hold_versions_and_no_address() -> None:
    assert [line for line in CONSTRAINTS if not re.fullmatch(r"[a-z0-9-]+==[0-9][^/@]*", line)] == []
