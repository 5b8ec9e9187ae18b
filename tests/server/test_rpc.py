"""The one-request POST: when its connection ends."""

from chatty.server.http.rpc import LineChannel, OneShotConnection
from chatty.server.live.hub import PublishedEvent
from tests.server.joined import JoinedServer

ENDED = PublishedEvent(1, b'{"method":"event"}', finishes_run="the-run")


def one_shot(server: JoinedServer) -> tuple[OneShotConnection, LineChannel]:
    channel = LineChannel()
    return OneShotConnection(channel, server.services), channel


async def test_it_ends_after_both_frames(server: JoinedServer) -> None:
    connection, channel = one_shot(server)
    connection.dealt_with()
    assert not channel.is_ended
    connection.dealt_with()
    assert channel.is_ended


async def test_it_stays_for_the_run_it_began(server: JoinedServer) -> None:
    connection, channel = one_shot(server)
    connection.dealt_with()
    connection.dealt_with("the-run")
    connection.outbound.event("c", PublishedEvent(1, b"{}", finishes_run="another"))
    assert not channel.is_ended
    connection.outbound.event("c", ENDED)
    assert channel.is_ended
    assert (await channel.next()).splitlines() == [b"{}", ENDED.body]


async def test_run_that_ended_before_its_answer_keeps_nobody_waiting(server: JoinedServer) -> None:
    connection, channel = one_shot(server)
    connection.dealt_with()
    connection.outbound.event("c", ENDED)
    connection.dealt_with("the-run")
    assert channel.is_ended


async def test_nothing_is_written_after_the_end(server: JoinedServer) -> None:
    connection, channel = one_shot(server)
    connection.close()
    connection.outbound.send(b"late")
    assert await channel.next() == b""
    assert not channel.can_write


async def test_abort_throws_away_what_waits(server: JoinedServer) -> None:
    _, channel = one_shot(server)
    channel.write(b"unread")
    channel.abort()
    assert await channel.next() == b""


async def test_peer_that_reads_slowly_blocks_and_drains(server: JoinedServer) -> None:
    connection, channel = one_shot(server)
    big = b"x" * (200 << 10)
    connection.outbound.send(big)
    connection.outbound.send(b"after")
    assert not channel.can_write
    assert await channel.next() == big + b"\n"
    assert await channel.next() == b"after\n"
