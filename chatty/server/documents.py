"""The reference that is generated: schemas, methods, permissions and errors, from the one registry.

    python -m chatty.server.documents --write docs/reference

Descriptions are the docstrings in the protocol's source, read as text, so that running programs pay
nothing for them. The output depends on the code alone: the same code gives the same bytes.
"""

import argparse
import ast
import inspect
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chatty.protocol import frames
from chatty.protocol.errors import FAMILIES
from chatty.protocol.event import EVENT_DATA, NOTIFICATION_MODELS
from chatty.protocol.versions import PROTOCOL_VERSIONS
from chatty.server.access.permissions import PERMISSIONS, ROLES
from chatty.server.operations import ALL
from chatty.server.registry import Operation, Registry, build_registry

Json = dict[str, Any]

MEANINGS: Final[Mapping[str, str]] = {
    "parse": "The frame is not JSON.",
    "invalid_request": "The frame is JSON, but no request this connection may send now.",
    "method_not_found": "The server has no such method; an older one may lack it.",
    "invalid_params": "The parameters are not those of the method. `details.problems` says where and why.",
    "internal": "The server has a fault. Its log has the details under `details.report_id`.",
    "not_initialized": "Something was asked before `initialize` had succeeded.",
    "protocol_unsupported": "The two sides share no major of the protocol. `details.supported` lists ours.",
    "unauthenticated": "The server does not know who asks.",
    "forbidden": "The server knows who asks, and the role does not allow it.",
    "not_found": "There is no such thing here, or it is not yours to see. `details.kind` names the kind.",
    "conflict": "The thing has changed, or the id was used for something else. Nothing was overwritten.",
    "rate_limited": "Too fast. Wait as long as `retry_after_ms` says.",
    "overloaded": "A queue is full. Wait and try again.",
    "unavailable": "The server is starting, leaving, or without something it needs. Try again soon.",
    "too_large": "A frame, a message or a body is beyond the announced limits.",
    "quota_exceeded": "The amount allowed for this period is used up.",
    "capability_missing": "The server can do this in general, and this one cannot.",
    "cursor_expired": "The place in a list is not valid any more. Begin with the first page.",
    "provider": "The model's provider refused or failed. Inside a run this is data of `run.finished`.",
    "storage": "The disk or database cannot do what was asked. The message names the path and the way out.",
    "cancelled": "The request was given up with `$/cancel`.",
    "connection": "Made by clients only: there is no link to the server.",
    "timeout": "Made by clients for a request, and by the server for a run whose time was over.",
}
"""Error family -> what it means, for the errors page."""

_CLOSE_MEANINGS: Final[Mapping[str, str]] = {
    "UNAUTHENTICATED": "The credentials are missing or have ended.",
    "INITIALIZE_TIMEOUT": "`initialize` did not come in time.",
    "TOO_MANY_CONNECTIONS": "As many connections as are allowed are open.",
}


def documents() -> Mapping[str, str]:
    """Return every generated file: its name -> its content."""
    registry = build_registry(ALL)
    return {
        "protocol.schema.json": _as_text(schema_bundle(registry)),
        "openrpc.json": _as_text(openrpc(registry)),
        "permissions.md": permissions_page(registry),
        "errors.md": errors_page(registry),
        "events.md": events_page(registry),
    }


# Schemas


def schema_bundle(registry: Registry) -> Json:
    """Return one JSON Schema with a definition for every model and every frame of the protocol.

    `x-methods` names the definitions of a method's parameters and result, `x-events` that of an event's data.
    """
    definitions = _definitions(registry, "#/$defs/{model}")
    definitions |= _frame_definitions()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"chatty protocol, major {PROTOCOL_VERSIONS[-1]}",
        "$defs": definitions,
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in _frame_definitions()],
        "x-methods": {
            method: {
                "params": {"$ref": f"#/$defs/{_name(operation.params)}"},
                "result": {"$ref": f"#/$defs/{_name(operation.result)}"},
            }
            for method, operation in registry.items()
        },
        "x-events": _event_references("#/$defs/{model}"),
    }


def _event_references(template: str) -> Json:
    return {event: {"$ref": template.format(model=model.__name__)} for event, model in EVENT_DATA.items()}


def _definitions(registry: Registry, template: str) -> Json:
    models: dict[str, type[BaseModel]] = {}
    for operation in registry.values():
        for model in (operation.params, operation.result):
            models[_name(model)] = model
    models |= {model.__name__: model for model in (*NOTIFICATION_MODELS.values(), *EVENT_DATA.values())}
    _, schema = models_json_schema(
        [(model, "validation") for model in models.values()], ref_template=template
    )
    definitions: Json = schema["$defs"]
    for known in _with_nested(models.values()):
        if (definition := definitions.get(_name(known))) is not None:
            _describe(definition, known)
    return definitions


def _name(model: type[BaseModel]) -> str:
    """Return the name pydantic gives a model's definition; brackets of a generic become underscores."""
    return model.__name__.replace("[", "_").replace("]", "_")


def _with_nested(models: Iterable[type[BaseModel]]) -> set[type[BaseModel]]:
    """Return the models and every model their fields mention."""
    found: set[type[BaseModel]] = set()
    to_visit: list[Any] = list(models)
    while to_visit:
        current = to_visit.pop()
        if isinstance(current, type) and issubclass(current, BaseModel) and current not in found:
            found.add(current)
            to_visit += [field.annotation for field in current.model_fields.values()]
        else:
            to_visit += getattr(current, "__args__", ())
    return found


def _describe(definition: Json, model: type[BaseModel]) -> None:
    if "description" in definition:
        definition["description"] = _prose(definition["description"])
    docstrings = _attribute_docstrings(model)
    for name, field in model.model_fields.items():
        if name in docstrings:
            definition["properties"][field.alias or name]["description"] = docstrings[name]


def _attribute_docstrings(model: type) -> dict[str, str]:
    """Return the string below each attribute of a class or of the classes it extends, from their source."""
    found: dict[str, str] = {}
    for owner in reversed(model.__mro__):
        if not owner.__module__.startswith("chatty."):
            continue
        source = ast.parse(inspect.getsource(sys.modules[owner.__module__]))
        name = owner.__name__.partition("[")[0]
        for node in source.body:
            if isinstance(node, ast.ClassDef) and node.name == name:
                found |= _docstrings_below(node)
    return found


def _docstrings_below(node: ast.ClassDef) -> dict[str, str]:
    found: dict[str, str] = {}
    for assignment, following in zip(node.body, node.body[1:], strict=False):
        if not isinstance(assignment, ast.AnnAssign) or not isinstance(assignment.target, ast.Name):
            continue
        match following:
            case ast.Expr(value=ast.Constant(value=str(text))):
                found[assignment.target.id] = _prose(text)
    return found


def _prose(docstring: str) -> str:
    text = " ".join(docstring.split()).replace("``", "`")
    for ours, theirs in (("`None`", "`null`"), ("`True`", "`true`"), ("`False`", "`false`")):
        text = text.replace(ours, theirs)
    return text


def _frame_definitions() -> Json:
    notifications = {
        f"{model.__name__}Frame": _frame(
            {"method": {"const": method}, "params": {"$ref": f"#/$defs/{model.__name__}"}}
        )
        for method, model in NOTIFICATION_MODELS.items()
    }
    request_id = {"type": ["integer", "string"]}
    return {
        "RequestFrame": _frame(
            {"id": request_id, "method": {"type": "string"}, "params": {"type": "object"}}
        ),
        "ResultFrame": _frame({"id": request_id, "result": {"type": "object"}}),
        "ErrorFrame": _frame({"id": {"type": ["integer", "string", "null"]}, "error": _ERROR}),
        "CancelFrame": _frame(
            {"method": {"const": frames.CANCEL_REQUEST}, "params": _object({"id": request_id})}
        ),
        **notifications,
    }


def _frame(members: Json) -> Json:
    return _object({"jsonrpc": {"const": frames.JSONRPC}, **members})


def _object(members: Json, optional: Json | None = None) -> Json:
    return {
        "type": "object",
        "properties": {**members, **(optional or {})},
        "required": list(members),
        "additionalProperties": False,
    }


_ERROR: Final = _object(
    {
        "code": {"type": "integer", "enum": sorted({family.code for family in FAMILIES.values()})},
        "message": {"type": "string"},
        "data": _object(
            {
                "type": {"type": "string", "pattern": rf"^({'|'.join(FAMILIES)})(/[a-z_]+)?$"},
                "retryable": {"type": "boolean"},
            },
            {"retry_after_ms": {"type": "integer"}, "details": {"type": "object"}},
        ),
    }
)


# Methods


def openrpc(registry: Registry) -> Json:
    """Return the OpenRPC document: https://spec.open-rpc.org, version 1.3.

    It has no word for what a server sends unasked; those are under `x-notifications`.
    """
    place = "#/components/schemas/{model}"
    definitions = _definitions(registry, place)
    return {
        "openrpc": "1.3.2",
        "info": {"title": "chatty", "version": str(PROTOCOL_VERSIONS[-1]), "license": {"name": "MIT"}},
        "methods": [_method(operation, definitions) for operation in registry.values()],
        "components": {"schemas": definitions},
        "x-notifications": {
            method: {"$ref": place.format(model=model.__name__)}
            for method, model in NOTIFICATION_MODELS.items()
        },
        "x-events": _event_references(place),
    }


def _method(operation: Operation, definitions: Json) -> Json:
    params = definitions[_name(operation.params)]
    required = params.get("required", [])
    return {
        "name": operation.method,
        "summary": _prose(operation.summary),
        "paramStructure": "by-name",
        "params": [
            {"name": name, "required": name in required, "schema": schema}
            for name, schema in params.get("properties", {}).items()
        ],
        "result": {
            "name": _name(operation.result),
            "schema": {"$ref": f"#/components/schemas/{_name(operation.result)}"},
        },
        "errors": [_error(error_type) for error_type in operation.errors],
        "x-kind": operation.kind,
        "x-permission": operation.permission,
    }


def _error(error_type: str) -> Json:
    family = error_type.partition("/")[0]
    return {"code": FAMILIES[family].code, "message": MEANINGS[family], "data": {"type": error_type}}


# Pages


def permissions_page(registry: Registry) -> str:
    """Return the page that says which role may call what."""
    lines = [
        "# Permissions",
        "",
        "Every method asks for one permission, and a role has it or has not. On a laptop there is one",
        "owner, and the same table is asked.",
        "",
        _row("permission", *ROLES),
        _row(*["---"] * (len(ROLES) + 1)),
        *(
            _row(f"`{permission}`", *("yes" if role in allowed else "" for role in ROLES))
            for permission, allowed in sorted(PERMISSIONS.items())
        ),
        "",
        "## Methods",
        "",
        _row("method", "kind", "permission", "what it does"),
        _row("---", "---", "---", "---"),
        *(
            _row(f"`{method}`", operation.kind, f"`{operation.permission}`", _prose(operation.summary))
            for method, operation in registry.items()
        ),
    ]
    return _page(lines)


def errors_page(registry: Registry) -> str:
    """Return the page of error types, numbers and close codes."""
    by_type: dict[str, list[str]] = {}
    for method, operation in registry.items():
        for error_type in operation.errors:
            by_type.setdefault(error_type, []).append(f"`{method}`")
    lines = [
        "# Errors",
        "",
        "An error is `{code, message, data: {type, retryable, retry_after_ms?, details?}}`. Programs look at",
        "`type`: it is `family` or `family/detail` and never changes its meaning. The number is the family's",
        "and coarse; the message is for people and may change. Treat an unknown detail as its family.",
        "",
        _row("family", "code", "HTTP", "retry", "meaning"),
        _row("---", "---", "---", "---", "---"),
        *(
            _row(
                f"`{name}`",
                family.code,
                family.http_status,
                "yes" if family.retryable else "",
                MEANINGS[name],
            )
            for name, family in FAMILIES.items()
        ),
        "",
        "`retryable` in an error says more than the table: a full disk is worth another try, a damaged",
        "database is not.",
        "",
        "## Types that methods name",
        "",
        "Beyond these every method may answer with a type of the families above.",
        "",
        _row("type", "methods"),
        _row("---", "---"),
        *(_row(f"`{error_type}`", ", ".join(methods)) for error_type, methods in sorted(by_type.items())),
        "",
        "## Close codes",
        "",
        _row("code", "name", "reconnect", "meaning"),
        _row("---", "---", "---", "---"),
        *_close_codes(),
    ]
    return _page(lines)


def events_page(registry: Registry) -> str:
    """Return the page that says what each durable event carries in its `data`."""
    definitions = _definitions(registry, "{model}")
    lines = [
        "# Events",
        "",
        "A durable event is `{conversation_id, seq, type, at, actor?, data}`. What `data` says depends on",
        "`type`; ignore types and members you do not know, and count the event all the same.",
    ]
    for model in dict.fromkeys(EVENT_DATA.values()):
        definition = definitions[model.__name__]
        types = ", ".join(f"`{event}`" for event, data in EVENT_DATA.items() if data is model)
        lines += ["", f"## {types}", "", definition["description"], ""]
        lines += [_row("member", "is", "meaning"), _row("---", "---", "---")]
        lines += [
            _row(
                f"`{name}`" if name in definition["required"] else f"`{name}`?",
                _kind_of(member),
                member.get("description", ""),
            )
            for name, member in definition["properties"].items()
        ]
    return _page(lines)


def _kind_of(schema: Json) -> str:
    """Return what a member is, in a word: the name of its definition, or of its JSON type."""
    if "$ref" in schema:
        return f"`{schema['$ref']}`"
    if "anyOf" in schema:
        return next(_kind_of(choice) for choice in schema["anyOf"] if choice.get("type") != "null")
    if schema["type"] == "array":
        return f"list of {_kind_of(schema['items'])}"
    return str(schema["type"])


def _close_codes() -> Iterable[str]:
    meanings = {**_attribute_docstrings(frames.CloseCode), **_CLOSE_MEANINGS}
    for name, code in vars(frames.CloseCode).items():
        if not name.startswith("_"):
            comes_back = "no" if code in frames.FATAL_CLOSE_CODES else "yes"
            yield _row(code, name.lower(), comes_back, meanings[name])


def _row(*cells: object) -> str:
    return f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def _page(lines: Iterable[str]) -> str:
    note = "<!-- Generated by `python -m chatty.server.documents --write docs/reference`. -->"
    return "\n".join([note, "", *lines]) + "\n"


def _as_text(document: Json) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Write the documents, or say which of them are not up to date; return the exit code."""
    parser = argparse.ArgumentParser(prog="chatty.server.documents", description="Generate the reference.")
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    parser.add_argument("--check", type=Path, metavar="FOLDER")
    options = parser.parse_args(arguments)
    made = documents()
    if options.write is not None:
        options.write.mkdir(parents=True, exist_ok=True)
        for name, content in made.items():
            (options.write / name).write_text(content, encoding="utf-8")
    stale = [] if options.check is None else stale_documents(options.check, made)
    for name in stale:
        print(f"{name} is not what the code says", file=sys.stderr)
    return 1 if stale else 0


def stale_documents(folder: Path, made: Mapping[str, str]) -> list[str]:
    """Return the names of documents that a folder lacks or has otherwise."""
    return [
        name
        for name, content in made.items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != content
    ]


if __name__ == "__main__":
    sys.exit(main())
