"""The table of permissions: every operation, every role, both ways."""

import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatty.protocol.base import Empty
from chatty.protocol.lifecycle import PingParams
from chatty.server.access.permissions import PERMISSIONS, ROLES, Role, allows
from chatty.server.operations import ALL
from chatty.server.registry import build_registry, operation
from tests.server.joined import INITIALIZE, JoinedServer, joined_server

REGISTRY = build_registry(ALL)
READING = {"viewer", "member", "admin", "owner"}
WRITING = {"member", "admin", "owner"}
RULING = {"admin", "owner"}

EXPECTED: dict[str, set[str]] = {
    **dict.fromkeys(
        [
            "connection.set",
            "conversation.export",
            "conversation.get",
            "conversation.list",
            "conversation.set_leaf",
            "conversation.subscribe",
            "conversation.unsubscribe",
            "initialize",
            "message.get",
            "message.list",
            "message.tree",
            "model.list",
            "part.read",
            "ping",
            "project.get",
            "project.list",
            "prompt.get",
            "prompt.list",
            "prompt.versions",
            "provider.list",
            "provider.test",
            "run.get",
            "run.list",
            "search.query",
            "server.status",
            "usage.summary",
        ],
        READING,
    ),
    **dict.fromkeys(
        [
            "conversation.archive",
            "conversation.create",
            "conversation.delete",
            "conversation.fork",
            "conversation.import",
            "conversation.restore",
            "conversation.update",
            "message.continue",
            "message.edit",
            "message.regenerate",
            "message.send",
            "project.archive",
            "project.create",
            "project.delete",
            "project.restore",
            "project.update",
            "prompt.create",
            "prompt.delete",
            "prompt.update",
            "run.cancel",
        ],
        WRITING,
    ),
    **dict.fromkeys(["provider.add", "provider.remove", "server.stop"], RULING),
}
"""Who may call what, written down a second time on purpose: changing the table must change this too."""


def test_every_operation_is_in_the_matrix() -> None:
    assert set(REGISTRY) == set(EXPECTED)


async def test_every_role_may_do_what_the_matrix_says_and_nothing_else(tmp_path: Path) -> None:
    """A call without parameters gets past the permission or not; what its parameters lack comes after."""
    async with joined_server(tmp_path) as server:
        found = {
            method: {role for role in ROLES if await passes(server, role, method)} for method in EXPECTED
        }
    assert found == EXPECTED


async def passes(server: JoinedServer, role: Role, method: str) -> bool:
    server.services.principal = replace(server.services.principal, role=role)
    client = server.open()
    if method != "initialize":
        await client.call("initialize", INITIALIZE)
    answer = await client.answer(client.post(method, colour="red"))
    error_type: str = answer["error"]["data"]["type"]
    assert error_type in ("forbidden/role", "invalid_params")
    return error_type == "invalid_params"


def test_unknown_permission_is_nobodys() -> None:
    unknown: Any = "moon.land"
    assert not any(allows(role, unknown) for role in ROLES)


def test_every_permission_is_used() -> None:
    assert {operation.permission for operation in REGISTRY.values()} == set(PERMISSIONS)


def _module(*handlers: Any) -> types.ModuleType:
    module = types.ModuleType("made_for_a_test")
    for number, handler in enumerate(handlers):
        handler.__module__ = module.__name__
        setattr(module, f"handler_{number}", handler)
    return module


async def _handler(context: Any, params: PingParams) -> Empty:
    return Empty()


async def _other_handler(context: Any, params: PingParams) -> Empty:
    return Empty()


def test_operation_without_a_permission_fails() -> None:
    mark: Any = operation
    with pytest.raises(TypeError):
        mark("test.do", PingParams, Empty, kind="query")


def test_operation_with_a_permission_nobody_defined_fails() -> None:
    unknown: Any = "moon.land"
    marked = operation("test.do", PingParams, Empty, kind="query", permission=unknown)(_handler)
    with pytest.raises(ValueError, match=r"moon\.land"):
        build_registry([_module(marked)])


def test_two_handlers_for_one_method_fail() -> None:
    mark = operation("test.do", PingParams, Empty, kind="query", permission="run.read")
    with pytest.raises(ValueError, match="two handlers"):
        build_registry([_module(mark(_handler), mark(_other_handler))])
