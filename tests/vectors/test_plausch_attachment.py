"""spec/vectors/attachment.json is what this code seals, opens, names and reads."""

import hashlib
import json
from typing import Any

import pytest

from plausch.content.attachment import attachments_of
from plausch.content.errors import ContentError
from plausch.content.file_name import safe_name
from plausch.content.mimi import decode
from plausch.content.stream import Layout, StreamKey, open_chunk, padded
from vectors.plausch_attachment import FILE, LENGTHS, as_json, cases, content_of, messages, refused


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    loaded = json.loads(FILE.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def secret_of(published: dict[str, Any]) -> StreamKey:
    return StreamKey(bytes.fromhex(published["key"]), bytes.fromhex(published["prefix"]))


def test_the_published_cases_are_what_the_code_writes(published: dict[str, Any]) -> None:
    assert published == json.loads(json.dumps(cases()))


@pytest.mark.parametrize("name", LENGTHS)
def test_each_published_file_opens(published: dict[str, Any], name: str) -> None:
    case = next(each for each in published["files"] if each["name"] == name)
    layout = Layout(case["content_bytes"], case["chunk_bytes"])
    raw = bytes.fromhex(case["sealed"])
    assert hashlib.sha256(raw).hexdigest() == case["digest"]
    opened = b""
    for number in range(layout.chunks):
        begin = layout.sealed_before(number)
        sealed = raw[begin : begin + layout.sealed_in(number)]
        opened += open_chunk(secret_of(published), layout, number, sealed)
    assert opened == content_of(case["content_bytes"])


@pytest.mark.parametrize("name", [case["name"] for case in refused()])
def test_of_each_published_forgery_something_does_not_open(
    published: dict[str, Any], name: str
) -> None:
    case = next(each for each in published["refused"] if each["name"] == name)
    layout = Layout(case["content_bytes"], case["chunk_bytes"])
    assert layout.chunks == len(case["chunks"])
    with pytest.raises(ContentError, match="is not the one that was sent"):
        for number, chunk in enumerate(case["chunks"]):
            open_chunk(secret_of(published), layout, number, bytes.fromhex(chunk))


def test_each_published_length_is_padded_so(published: dict[str, Any]) -> None:
    for length, wanted in published["padded"]:
        assert padded(length) == wanted


def test_each_published_name_is_made_safe_so(published: dict[str, Any]) -> None:
    for given, safe in published["names"]:
        assert safe_name(given) == safe


@pytest.mark.parametrize("name", messages())
def test_each_published_message_is_read(published: dict[str, Any], name: str) -> None:
    case = next(each for each in published["messages"] if each["name"] == name)
    content = decode(bytes.fromhex(case["content"]))
    assert content == messages()[name]
    assert [as_json(one) for one in attachments_of(content)] == case["attachments"]
