"""The server says in every scenario, word for word, what its transcript says."""

from pathlib import Path

import pytest

from tests.server import scenarios
from tests.server.conforming import problems_of_frame
from tests.server.transcripts import FOLDER, Stage, load, pace_of, text_kept_after

TRANSCRIPTS = sorted(FOLDER.glob("*.jsonl"))


def test_every_scenario_has_a_transcript() -> None:
    assert {path.stem for path in TRANSCRIPTS} == set(scenarios.ALL)


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
async def test_server_speaks_as_transcribed(path: Path, tmp_path: Path) -> None:
    lines = load(path)
    with text_kept_after(pace_of(lines)):
        async with Stage(tmp_path) as stage:
            for number, line in enumerate(lines, start=1):
                if "receives" in line:
                    assert await stage.receive(line["connection"]) == line["receives"], f"line {number}"
                else:
                    await stage.act(line)
            assert stage.unread() == []


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_transcript_conforms_to_the_schema(path: Path) -> None:
    asked: dict[tuple[str, int], str] = {}
    for line in load(path):
        if "sends" in line and "method" in line["sends"]:
            asked[line["connection"], line["sends"]["id"]] = line["sends"]["method"]
        if line.get("server") == "crashes":
            asked.clear()
        if "receives" in line:
            frame = line["receives"]
            if "pid" in frame.get("result", {}).get("server", {}):
                frame["result"]["server"]["pid"] = 1
            assert problems_of_frame(frame, asked.get((line["connection"], frame.get("id", 0)))) == []
