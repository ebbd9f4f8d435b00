"""The OpenAPI 3.1 document of the operations, made from the registry: what is there is in it."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import msgspec

from plausch.agent.operations.executor import Operation
from plausch.agent.operations.refusal import Refusal

_REFUSALS = {
    "400": "The params are not as they should be, or the request is none.",
    "401": "The token is missing or wrong.",
    "403": "The request came by a web page or under another name.",
    "404": "There is no such operation, or nothing of that id.",
    "409": "It cannot be done as things are; nothing has changed.",
    "503": "The book cannot be written now; nothing was done.",
}


def document(operations: Mapping[str, Operation], url: str) -> dict[str, Any]:
    """The document of a door at this URL."""
    types = [one.params for one in operations.values()] + [
        one.result for one in operations.values()
    ]
    schemas, components = msgspec.json.schema_components(
        [*types, Refusal], ref_template="#/components/schemas/{name}"
    )
    of_type = dict(zip(map(_key, [*types, Refusal]), schemas, strict=True))
    refusal = of_type[_key(Refusal)]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Plausch agent",
            "version": version("plausch"),
            "description": "What a business's own programs may ask its agent. Answers are "
            "durable when they are told. An Idempotency-Key makes a repeated request one request.",
        },
        "servers": [{"url": url}],
        "security": [{"token": []}],
        "paths": {
            f"/v1/{one.name}": {
                "post": _operation(one, of_type[_key(one.params)], of_type[_key(one.result)])
            }
            for one in operations.values()
        },
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {
                status: {"description": meaning, "content": _json(refusal)}
                for status, meaning in _REFUSALS.items()
            },
        },
    }


def _operation(operation: Operation, params: Any, result: Any) -> dict[str, Any]:
    refusals = {status: {"$ref": f"#/components/responses/{status}"} for status in _REFUSALS}
    found: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.name.partition(".")[0]],
        "summary": operation.meaning,
        "requestBody": {"required": True, "content": _json(params)},
        "responses": {"200": {"description": "Done.", "content": _json(result)}, **refusals},
    }
    if not operation.reads:
        found["parameters"] = [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{8,64}$"},
            }
        ]
    return found


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _key(kind: Any) -> str:
    return str(kind)
