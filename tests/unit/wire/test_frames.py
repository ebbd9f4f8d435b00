"""The frames as such: tags, samples for all of them, limits of values."""

from typing import get_args

import msgspec
import pytest

from plausch.wire import frames as f
from plausch.wire.codec import decode_client, encode
from unit.wire.samples import CLIENT, CONVERSATION, SERVER


def tag_of(kind: type[f.Frame]) -> int:
    tag = kind.__struct_config__.tag
    assert isinstance(tag, int)
    return tag


def test_there_is_a_sample_of_every_frame() -> None:
    assert {type(one) for one in CLIENT} == set(get_args(f.ClientFrame))
    assert {type(one) for one in SERVER} == set(get_args(f.ServerFrame))


def test_tags_are_unique_and_fit_one_byte_of_msgpack() -> None:
    kinds = get_args(f.ClientFrame) + get_args(f.ServerFrame)
    tags = [tag_of(kind) for kind in kinds]
    assert len(set(tags)) == len(tags)
    assert all(0 < tag < 128 for tag in tags)


def test_the_array_begins_with_the_tag_and_then_the_fields_in_order() -> None:
    raw = encode(f.Read(5, CONVERSATION, 6, 7))
    assert msgspec.msgpack.decode(raw) == [24, 5, CONVERSATION, 6, 7]


@pytest.mark.parametrize("frame", CLIENT, ids=lambda one: type(one).__name__)
def test_frames_are_values(frame: f.ClientFrame) -> None:
    assert decode_client(encode(frame)) == frame
    with pytest.raises(AttributeError):
        frame.id = 2  # type: ignore[union-attr,misc]


@pytest.mark.parametrize(
    "frame",
    [
        f.Resume(0),
        f.Resume(-1),
        f.Resume(2**53),
        f.Read(1, CONVERSATION, 0, 0),
        f.Read(1, CONVERSATION, 0, 501),
        f.Read(1, CONVERSATION, -1, 1),
        f.Read(1, CONVERSATION[:15], 0, 1),
        f.Read(1, CONVERSATION + b"x", 0, 1),
        f.ReadMailbox(1, 0, 51),
        f.Append(1, CONVERSATION, 0, f.COMMIT, b"a commit needs its bundle", bytes(16)),
        f.Append(1, CONVERSATION, 0, 0, b"", bytes(16)),
        f.Append(1, CONVERSATION, 0, f.APPLICATION, b"", bytes(15)),
        f.Append(1, CONVERSATION, 2**63, f.APPLICATION, b"", bytes(16)),
        f.Login(1, "x" * 513, bytes(64)),
        f.Login(1, "x", bytes(63)),
        f.GetAccount(1, "x" * 65),
        f.ClaimKeyPackages(1, "cem", 65536, []),
        f.ClaimKeyPackages(1, "cem", 1, ["x"] * 65),
        f.UploadKeyPackages(1, [b""] * 101, b""),
        f.AppendCommit(1, CONVERSATION, 0, b"", bytes(16), b"", b"", ["x"] * 1001),
        f.Acknowledge(CONVERSATION, -1),
    ],
    ids=str,
)
def test_values_out_of_range_do_not_decode(frame: f.ClientFrame) -> None:
    with pytest.raises(Exception, match=r"could not be read: Expected"):
        decode_client(encode(frame))
