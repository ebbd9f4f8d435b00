"""Bytes that no honest client writes, in messages of every kind."""

import pytest

from plausch.mls.codec import encode_varint, u8, u16, u64
from plausch.mls.errors import CodecError, SavedStateRefused
from plausch.mls.framing import MESSAGE_LIMIT
from plausch.mls.group import Group, external_join
from plausch.mls.proposal import Remove
from unit.mls.group_players import GROUP_ID, NOW_S, Scene, untouched

AT = 4
"""Where the length of the group id stands in every framed message."""

GIANT = bytes.fromhex("bfffffff")


def messages(scene: Scene) -> list[bytes]:
    """Anna's messages of each kind, for Bela."""
    anna = scene["anna"]
    return [
        anna.group.encrypt(b"x"),
        anna.frame(Remove(1)),
        anna.commit(private=True, by_reference=False).commit,
    ]


def test_lengths_that_are_not_in_their_shortest_form_are_refused() -> None:
    scene = Scene.of("anna", "bela")
    length = len(GROUP_ID)
    for raw in messages(scene):
        assert raw[AT] == length
        for long in (b"\x40", b"\x80\0\0", b"\xc0" + bytes(6)):
            with untouched(scene["bela"]), pytest.raises(CodecError):
                scene["bela"].stage(raw[:AT] + long + raw[AT:])


def test_giant_vectors_are_refused_before_anything_is_made_of_them() -> None:
    scene = Scene.of("anna", "bela")
    for raw in messages(scene):
        with untouched(scene["bela"]), pytest.raises(CodecError):
            scene["bela"].stage(raw[:AT] + GIANT + raw[AT + 1 :])
    frame = u16(1) + u16(2) + u8(16) + GROUP_ID + u64(1) + u8(1) + u8(0) + u8(0)
    length = MESSAGE_LIMIT + 1
    with pytest.raises(CodecError, match="at most"):
        scene["bela"].stage(frame + encode_varint(length) + bytes(length))
    cora = scene.newcomer("cora")
    with pytest.raises(CodecError):
        external_join(
            u16(1) + u16(4) + u16(1) + u16(1) + GIANT,
            cora.credential,
            cora.signer,
            scene.judge,
            NOW_S,
        )
    with pytest.raises(SavedStateRefused):
        Group.load(GIANT, GIANT)
