"""What a power cut would leave of a program's files, from what the program told the kernel.

A program runs under strace(1) once; its writes, truncations, flushes and new names are read from the trace.
A cut after any of them is then played: what was flushed before is there, and of everything else a random part
is there, is not, or is torn in sectors of 512 bytes. Names count as kept once their directory was flushed.
What a flush that failed should have covered may be lost for good, whatever a later flush says: Linux drops
it.
The program tells what it acknowledged by writing lines into a file that is called the journal.

Only files of one directory are looked at, and none that SQLite maps into memory (`-shm`): it makes them anew.
Source of the model: https://sqlite.org/psow.html and https://sqlite.org/atomiccommit.html, section 2.
"""

import os
import random
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

SECTOR_BYTES = 512

_CALLS = "openat,pwrite64,write,ftruncate,fsync,fdatasync,unlink,rename"
_LINE = re.compile(r"(\d+) +(?:<\.\.\. )?(\w+)(.*)", re.DOTALL)
_HEX = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_PATH = re.compile(r"<((?:\\x[0-9a-f]{2})+)>")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the program told the kernel."""

    kind: Literal[
        "create", "write", "truncate", "flush-begins", "flush", "flush-fails", "flush-names", "unlink", "ack"
    ]
    name: str = ""
    offset: int = 0
    """Of a write; the new length of a truncation."""
    data: bytes = b""
    number: int = 0
    """Which flush, so that its beginning is known: what is written meanwhile is not covered."""


def record(
    command: Sequence[str],
    folder: Path,
    journal: Path,
    trace: Path,
    environ: Mapping[str, str],
    fault: tuple[str, Sequence[Path]] | None = None,
) -> list[Step]:
    """Run the program to its end and return what it did to the folder's files, in order.

    Args:
        folder: whose files are looked at.
        journal: the file, elsewhere, into which the program writes what it acknowledged.
        trace: where strace may write.
        fault: what goes wrong meanwhile, in strace's words (`fdatasync:error=EIO:when=5+7`), and the files
            it strikes. Only these and the journal are looked at then: play it on a disk that keeps names.
    """
    faults: list[str] = []
    if fault is not None:
        for path in (*fault[1], journal):
            faults += ("-P", str(path))
        faults += ("-e", f"inject={fault[0]}")
    subprocess.run(
        [
            *("strace", "-f", "-y", "-xx", "-s", "1048576", "-e", f"trace={_CALLS}", "-o", str(trace)),
            *faults,
            *command,
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        env=environ,
        timeout=300,
    )
    return list(_read(trace, folder, journal))


def _read(trace: Path, folder: Path, journal: Path) -> Iterator[Step]:
    flushing: dict[str, tuple[int, str]] = {}
    number = 0
    with trace.open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            found = _LINE.match(line)
            if found is None:
                continue
            thread, call, rest = found.groups()
            if call in ("fsync", "fdatasync"):
                if " resumed>" not in rest:
                    number += 1
                    path = _path(rest)
                    flushing[thread] = (number, path)
                    if os.path.dirname(path) == str(folder):
                        yield Step("flush-begins", os.path.basename(path), number=number)
                if "<unfinished" not in rest:
                    began, path = flushing.pop(thread)
                    if not rest.rstrip().endswith("= 0"):
                        if os.path.dirname(path) == str(folder):
                            yield Step("flush-fails", os.path.basename(path), number=began)
                    elif path == str(folder):
                        yield Step("flush-names")
                    elif os.path.dirname(path) == str(folder):
                        yield Step("flush", os.path.basename(path), number=began)
                continue
            step = None if " resumed>" in rest else _step(call, rest, folder, journal)
            if step is not None and not step.name.endswith("-shm"):
                yield step


def _step(call: str, rest: str, folder: Path, journal: Path) -> Step | None:
    if call == "openat":
        path = os.path.join(str(folder), _text(rest))
        is_new = "O_CREAT" in rest and os.path.dirname(path) == str(folder)
        return Step("create", os.path.basename(path)) if is_new else None
    if call == "unlink":
        path = _text(rest)
        return Step("unlink", os.path.basename(path)) if os.path.dirname(path) == str(folder) else None
    if call == "rename":
        raise ValueError("renames are not played")
    path = _path(rest)
    if path == str(journal):
        return Step("ack", data=_bytes(rest))
    if os.path.dirname(path) != str(folder):
        return None
    if call == "ftruncate":
        return Step("truncate", os.path.basename(path), offset=int(rest.rpartition(",")[2].split(")")[0]))
    if call != "pwrite64":
        raise ValueError(f"{call} to {path} is not played")
    offset = rest.rpartition('", ')[2].split(",")[1].split(")")[0]
    return Step("write", os.path.basename(path), int(offset.split("<")[0]), _bytes(rest))


def _bytes(rest: str) -> bytes:
    found = _HEX.search(rest)
    return bytes.fromhex(found[1].replace("\\x", "")) if found else b""


def _text(rest: str) -> str:
    return os.fsdecode(_bytes(rest))


def _path(rest: str) -> str:
    found = _PATH.search(rest)
    return os.fsdecode(bytes.fromhex(found[1].replace("\\x", ""))) if found else ""


@dataclass(slots=True)
class _File:
    """One file: what is on the disk for certain, and what was only told."""

    content: bytearray = field(default_factory=bytearray)
    told: list[Step] = field(default_factory=list)
    covered: dict[int, int] = field(default_factory=dict)
    """Flush -> how many of the told steps it covers."""
    is_name_kept: bool = False


class Disk:
    """Plays the steps one after the other; a cut may be looked at after each.

    Args:
        chance: decides what failed flushes lose.
        keeps_names: whether names are made and removed for good without a flush of their directory.

    Attributes:
        acknowledged: what the program had told its journal by now.
    """

    def __init__(self, chance: random.Random, *, keeps_names: bool = False) -> None:
        self._chance = chance
        self._keeps_names = keeps_names
        self.acknowledged: list[bytes] = []
        self._files: dict[str, _File] = {}
        self._removed: dict[str, _File] = {}
        """Files whose names may be back after a cut: the directory was not flushed since."""

    def play(self, step: Step) -> None:
        """Go on by one step."""
        if step.kind == "ack":
            self.acknowledged += step.data.split()
            return
        if step.kind == "flush-names":
            self._removed.clear()
            for file in self._files.values():
                file.is_name_kept = True
            return
        if step.kind == "unlink":
            gone = self._files.pop(step.name, None)
            if gone is not None and gone.is_name_kept and not self._keeps_names:
                self._removed[step.name] = gone
            return
        file = self._files.setdefault(step.name, _File(is_name_kept=self._keeps_names))
        match step.kind:
            case "write" | "truncate":
                file.told.append(step)
            case "flush-begins":
                file.covered[step.number] = len(file.told)
            case "flush":
                self._keep(file, file.covered.pop(step.number))
            case "flush-fails":
                self._lose(file, file.covered.pop(step.number))

    def _lose(self, file: _File, count: int) -> None:
        """Drop a part of what is told, for good."""
        kept = [step for step in file.told[:count] if self._chance.random() < 0.5]
        lost = count - len(kept)
        file.told[:count] = kept
        file.covered = {number: max(len(kept), covered - lost) for number, covered in file.covered.items()}

    def _keep(self, file: _File, count: int) -> None:
        for step in file.told[:count]:
            _apply(file.content, step)
        del file.told[:count]
        file.covered = {number: max(0, covered - count) for number, covered in file.covered.items()}

    def cut(self, chance: random.Random, target: Path) -> None:
        """Write what a cut at this moment leaves into an empty folder."""
        keep = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        back = {name: file for name, file in self._removed.items() if chance.random() > keep}
        for name, file in {**back, **self._files}.items():
            if not file.is_name_kept and chance.random() > keep:
                continue
            content = bytearray(file.content)
            for step in file.told:
                if chance.random() < keep:
                    _apply(content, step)
                elif step.kind == "write" and chance.random() < 0.5:
                    _apply_torn(content, step, chance)
            (target / name).write_bytes(content)
            if name.endswith("-wal") and chance.random() < 0.3:
                # An index of the log may be there as well, and hold anything.
                (target / f"{name.removesuffix('-wal')}-shm").write_bytes(chance.randbytes(32768))


def _apply(content: bytearray, step: Step) -> None:
    if step.kind == "truncate":
        del content[step.offset :]
        content.extend(bytes(step.offset - len(content)))
        return
    if len(content) < step.offset:
        content.extend(bytes(step.offset - len(content)))
    content[step.offset : step.offset + len(step.data)] = step.data


def _apply_torn(content: bytearray, step: Step, chance: random.Random) -> None:
    """Let some of the sectors that the write touches arrive."""
    position, end = step.offset, step.offset + len(step.data)
    while position < end:
        until = min(end, (position // SECTOR_BYTES + 1) * SECTOR_BYTES)
        if chance.random() < 0.5:
            piece = step.data[position - step.offset : until - step.offset]
            _apply(content, Step("write", step.name, position, piece))
        position = until
