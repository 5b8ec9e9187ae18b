"""Principals: on whose behalf a request acts."""

from dataclasses import dataclass

from chatty.server.access.permissions import Role
from chatty.store.database import Scope


@dataclass(frozen=True, slots=True)
class Principal:
    """A user inside one workspace, as settled when the connection was made."""

    user_id: str
    user_name: str
    workspace_id: str
    workspace_name: str
    role: Role

    @property
    def scope(self) -> Scope:
        """Whose rows this principal's repositories see."""
        return Scope(workspace_id=self.workspace_id, user_id=self.user_id)
