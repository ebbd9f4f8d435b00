"""spec/vectors/content.json is what this code writes, reads and refuses."""

import json
from typing import Any

import pytest

from plausch.content.errors import ContentError
from plausch.content.message_id import message_id
from plausch.content.mimi import decode
from plausch.content.purpose import purpose_of
from plausch.content.text import readable_text
from vectors.plausch_content import FILE, cases, messages, refused


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    loaded = json.loads(FILE.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def test_the_published_cases_are_what_the_code_writes(published: dict[str, Any]) -> None:
    assert published == cases()


@pytest.mark.parametrize("name", messages())
def test_each_published_message_is_read(published: dict[str, Any], name: str) -> None:
    case = next(each for each in published["messages"] if each["name"] == name)
    raw = bytes.fromhex(case["content"])
    content = decode(raw)
    assert content == messages()[name]
    assert readable_text(content) == case["text"]
    assert purpose_of(content) == case["purpose"]
    assert message_id(raw, published["sender"], published["room"]).hex() == case["message_id"]


@pytest.mark.parametrize("name", refused())
def test_each_published_refusal_is_refused(published: dict[str, Any], name: str) -> None:
    case = next(each for each in published["refused"] if each["name"] == name)
    with pytest.raises(ContentError):
        decode(bytes.fromhex(case["content"]))
