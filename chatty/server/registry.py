"""The one table of operations, from which the dispatcher, the reference and the clients' tests are made.

An operation is an async function `(context, params) -> result`, marked with its method, models and
permission. Marking changes nothing but the function's own attribute: importing has no effect, and
the table is a value built by `build_registry`.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel, TypeAdapter

from chatty.server.access.permissions import PERMISSIONS, Permission

if TYPE_CHECKING:
    from chatty.server.context import RequestContext

Kind = Literal["query", "mutation", "subscription"]

ParamsT = TypeVar("ParamsT", bound=BaseModel)
ResultT = TypeVar("ResultT", bound=BaseModel)
Handler = Callable[["RequestContext", ParamsT], Awaitable[ResultT]]

_MARK = "__operation__"


@dataclass(frozen=True)
class Operation:
    """One method of the protocol, with everything the edges need to know about it."""

    method: str
    params: type[BaseModel]
    result: type[BaseModel]
    kind: Kind
    permission: Permission
    handler: Handler[Any, Any] = field(repr=False)
    errors: tuple[str, ...] = ()
    """Error types beyond the general ones that a caller should expect."""

    @cached_property
    def validator(self) -> TypeAdapter[Any]:
        """Validates the raw bytes of `params`; built on the first request."""
        return TypeAdapter(self.params)

    async def handle(self, context: "RequestContext", params: BaseModel) -> BaseModel:
        """Carry out a request whose parameters were validated."""
        result: BaseModel = await self.handler(context, params)
        return result

    @property
    def summary(self) -> str:
        """What it does, in one line: the first line of its handler's docstring."""
        return (self.handler.__doc__ or "").strip().splitlines()[0]


def operation(
    method: str,
    params: type[ParamsT],
    result: type[ResultT],
    *,
    kind: Kind,
    permission: Permission,
    errors: tuple[str, ...] = (),
) -> Callable[[Handler[ParamsT, ResultT]], Handler[ParamsT, ResultT]]:
    """Mark a handler as the operation behind a method.

    The permission has no default on purpose: an operation that does not say who may call it does
    not type-check, and does not start.
    """

    def mark(handler: Handler[ParamsT, ResultT]) -> Handler[ParamsT, ResultT]:
        setattr(handler, _MARK, Operation(method, params, result, kind, permission, handler, errors))
        return handler

    return mark


Registry = Mapping[str, Operation]
"""Method name -> operation."""


def build_registry(modules: Iterable[ModuleType]) -> Registry:
    """Collect the marked handlers of the modules, sorted by method.

    Raises:
        ValueError: two handlers claim one method, or one names a permission that is not in the table.
    """
    found: dict[str, Operation] = {}
    for module in modules:
        for value in vars(module).values():
            marked = getattr(value, _MARK, None)
            if not isinstance(marked, Operation) or value.__module__ != module.__name__:
                continue
            if marked.method in found:
                raise ValueError(f"{marked.method} has two handlers")
            if marked.permission not in PERMISSIONS:
                raise ValueError(f"{marked.method} asks for {marked.permission}, which is not in the table")
            found[marked.method] = marked
    return dict(sorted(found.items()))
