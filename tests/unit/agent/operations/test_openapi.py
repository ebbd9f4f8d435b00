"""The OpenAPI document: complete, and every reference leads somewhere."""

import json
from collections.abc import Iterator
from typing import Any

from plausch.agent.operations.openapi import document
from plausch.agent.operations.registry import OPERATIONS

DOCUMENT: dict[str, Any] = json.loads(json.dumps(document(OPERATIONS, "http://127.0.0.1:7490")))


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_it_is_of_openapi_3_1_and_names_every_operation() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert DOCUMENT["info"]["title"]
    assert DOCUMENT["info"]["version"]
    posts = [path["post"] for path in DOCUMENT["paths"].values()]
    assert sorted(post["operationId"] for post in posts) == sorted(OPERATIONS)
    assert all(path == f"/v1/{item['post']['operationId']}" for path, item in paths())


def paths() -> list[tuple[str, Any]]:
    return list(DOCUMENT["paths"].items())


def test_every_operation_says_what_it_takes_answers_and_means() -> None:
    for _, item in paths():
        post = item["post"]
        assert post["summary"].endswith(".")
        assert post["requestBody"]["content"]["application/json"]["schema"]
        assert post["responses"]["200"]["content"]["application/json"]["schema"]
        assert {"400", "401", "403", "404", "409", "503"} <= set(post["responses"])


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert found
    for reference in found:
        target: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        assert isinstance(target, dict)


def test_only_what_changes_something_takes_a_key() -> None:
    for _, item in paths():
        operation = OPERATIONS[item["post"]["operationId"]]
        assert ("parameters" in item["post"]) is not operation.reads


def test_whoever_asks_needs_the_token() -> None:
    assert DOCUMENT["security"] == [{"token": []}]
    assert DOCUMENT["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def test_nothing_is_allowed_beyond_the_fields() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["Book"]["additionalProperties"] is False
    assert schemas["Book"]["properties"]["party"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 1000,
    }
