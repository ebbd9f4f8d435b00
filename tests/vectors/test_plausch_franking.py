"""spec/vectors/franking.json is what this code writes, and what it judges alike."""

import json
from typing import Any

import pytest

from plausch.base.errors import RemoteError
from plausch.content.mimi import decode
from plausch.sdk.franked import check_frank
from plausch.server.franking import Franking
from plausch.wire import frames as f
from vectors.plausch_franking import FILE, cases


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    loaded = json.loads(FILE.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def test_the_published_cases_are_what_the_code_writes(published: dict[str, Any]) -> None:
    assert published == cases()


def test_the_published_messages_are_genuine(published: dict[str, Any]) -> None:
    franking = Franking(bytes.fromhex(published["reporting_key"]))
    for case in published["messages"]:
        content = bytes.fromhex(case["content"])
        assert decode(content).salt.hex() == case["key"]
        check_frank(bytes.fromhex(case["authenticated"]), content)
        reported = f.ReportedMessage(
            bytes.fromhex(published["conversation"]),
            case["sender"],
            case["accepted_at_ms"],
            bytes.fromhex(case["stamp"]),
            bytes.fromhex(case["key"]),
            content,
        )
        assert franking.is_genuine(reported)


def test_the_published_refusals_are_refusals(published: dict[str, Any]) -> None:
    for case in published["refused"]:
        with pytest.raises(RemoteError):
            check_frank(bytes.fromhex(case["authenticated"]), bytes.fromhex(case["content"]))
