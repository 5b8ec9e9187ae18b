"""Drafts go with their conversation."""

from pathlib import Path

from chatty.client.draft_files import draft_name, remove_drafts


def test_drafts_of_a_conversation_go_and_no_others(tmp_path: Path) -> None:
    drafts = tmp_path / "drafts [1]"
    for server in ("local", "team"):
        (drafts / server).mkdir(parents=True)
        for conversation in ("one", "one-more", "other"):
            for client in ("a", "b@c"):
                (drafts / server / draft_name(conversation, client)).write_text("{}")
    remove_drafts(str(drafts), "one")
    left = {path.name.split("@")[0] for path in drafts.glob("*/*")}
    assert (left, len(list(drafts.glob("*/*")))) == ({"one-more", "other"}, 8)
    remove_drafts(str(tmp_path / "nowhere"), "one")
