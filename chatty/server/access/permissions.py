"""The one table of permissions: which role may do what.

Read by the dispatcher for every request, on the laptop too, and by the page of the reference that is
generated from it. Nothing here knows operations; they name a permission.
"""

from typing import Final, Literal

Role = Literal["owner", "admin", "member", "viewer"]
ROLES: Final[tuple[Role, ...]] = ("owner", "admin", "member", "viewer")

Permission = Literal[
    "connection.use",
    "conversation.read",
    "conversation.write",
    "message.read",
    "message.write",
    "run.read",
    "run.cancel",
    "search.use",
    "model.read",
    "project.read",
    "project.write",
    "prompt.read",
    "prompt.write",
    "provider.read",
    "provider.write",
    "usage.read",
    "server.read",
    "server.stop",
]

_EVERYONE: Final = frozenset[Role](ROLES)
_WRITERS: Final = frozenset[Role](("owner", "admin", "member"))
_ADMINS: Final = frozenset[Role](("owner", "admin"))

PERMISSIONS: Final[dict[Permission, frozenset[Role]]] = {
    "connection.use": _EVERYONE,
    "conversation.read": _EVERYONE,
    "conversation.write": _WRITERS,
    "message.read": _EVERYONE,
    "message.write": _WRITERS,
    "run.read": _EVERYONE,
    "run.cancel": _WRITERS,
    "search.use": _EVERYONE,
    "model.read": _EVERYONE,
    "project.read": _EVERYONE,
    "project.write": _WRITERS,
    "prompt.read": _EVERYONE,
    "prompt.write": _WRITERS,
    "provider.read": _EVERYONE,
    "provider.write": _ADMINS,
    "usage.read": _EVERYONE,
    "server.read": _EVERYONE,
    "server.stop": _ADMINS,
}
"""Permission -> the roles that have it."""


def allows(role: Role, permission: Permission) -> bool:
    """Tell whether a role has a permission. An unknown permission is nobody's."""
    return role in PERMISSIONS.get(permission, frozenset())
