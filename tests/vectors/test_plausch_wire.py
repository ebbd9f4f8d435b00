"""spec/vectors/wire.json is what this code writes, reads and refuses."""

import json
from typing import Any, get_args

import msgspec
import pytest

from plausch.wire import frames as f
from plausch.wire.codec import WireError, decode_client, decode_server
from vectors.plausch_wire import FILE, cases, kind_of, text, written

DEVICE = {kind.__name__ for kind in get_args(f.ClientFrame)}


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    loaded = json.loads(FILE.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def decode(name: str, encoded: str) -> f.Frame:
    return (decode_client if name in DEVICE else decode_server)(bytes.fromhex(encoded))


def test_the_published_cases_are_what_the_code_writes() -> None:
    assert FILE.read_text(encoding="utf-8") == text(), (
        "write it anew, in the folder tests: python -m vectors.plausch_wire"
    )


def test_every_frame_is_described_and_has_an_example(published: dict[str, Any]) -> None:
    kinds = get_args(f.ClientFrame) + get_args(f.ServerFrame)
    described = {frame["name"]: frame for frame in published["frames"]}
    assert set(described) == {kind.__name__ for kind in kinds}
    assert {case["frame"] for case in published["examples"]} == set(described)
    for kind in kinds:
        fields = described[kind.__name__]["fields"]
        assert [field["name"] for field in fields] == list(kind.__struct_fields__)


def test_what_is_published_as_a_frame_is_one(published: dict[str, Any]) -> None:
    for case in [*published["examples"], *published["longer"]]:
        frame = decode(case["frame"], case["encoded"])
        assert type(frame).__name__ == case["frame"]
        assert written(frame) == case["values"]


def test_what_is_published_as_beyond_a_limit_is_refused(published: dict[str, Any]) -> None:
    assert len(published["beyond"]) > 100
    for case in published["beyond"]:
        with pytest.raises(WireError, match="could not be read"):
            decode(case["frame"], case["encoded"])


def test_what_is_published_as_refused_is_refused(published: dict[str, Any]) -> None:
    assert len(published["refused"]) > 500
    for case in published["refused"]:
        with pytest.raises(WireError, match="could not be read"):
            decode_server(bytes.fromhex(case["encoded"]))


def test_kinds_are_told_with_their_limits() -> None:
    frames: Any = cases()["frames"]
    read = next(frame for frame in frames if frame["name"] == "Read")
    assert read == {
        "name": "Read",
        "tag": 24,
        "from": "device",
        "answer": "Envelopes",
        "fields": [
            {"name": "id", "kind": "int", "least": 1, "most": f.MAX_INTEGER},
            {"name": "conversation", "kind": "bytes", "least": 16, "most": 16},
            {"name": "after", "kind": "int", "least": 0, "most": f.MAX_INTEGER},
            {"name": "limit", "kind": "int", "least": 1, "most": 500},
        ],
    }


def test_a_kind_that_the_wire_does_not_have_is_noticed() -> None:
    with pytest.raises(TypeError, match="no kind that the wire has"):
        kind_of(msgspec.inspect.FloatType())
