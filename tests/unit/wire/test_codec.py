"""Bytes to frames: what is right survives, what is wrong raises WireError and nothing else."""

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.base.errors import Fault
from plausch.wire import codec
from plausch.wire import frames as f
from unit.wire.samples import CLIENT, CONVERSATION, SERVER


@pytest.mark.parametrize("frame", CLIENT, ids=lambda one: type(one).__name__)
def test_client_frames_survive(frame: f.ClientFrame) -> None:
    raw = codec.encode(frame)
    assert codec.decode_client(raw) == frame
    assert codec.decode_client(memoryview(raw)) == frame


@pytest.mark.parametrize("frame", SERVER, ids=lambda one: type(one).__name__)
def test_server_frames_survive(frame: f.ServerFrame) -> None:
    assert codec.decode_server(codec.encode(frame)) == frame


@pytest.mark.parametrize("frame", CLIENT, ids=lambda one: type(one).__name__)
def test_a_server_takes_no_server_frame_and_a_device_no_client_frame(frame: f.ClientFrame) -> None:
    with pytest.raises(codec.WireError):
        codec.decode_server(codec.encode(frame))


@pytest.mark.parametrize("frame", CLIENT + SERVER, ids=lambda one: type(one).__name__)
def test_every_truncation_and_every_longer_one_is_refused(
    frame: f.ClientFrame | f.ServerFrame,
) -> None:
    decode = codec.decode_client if frame in CLIENT else codec.decode_server
    raw = codec.encode(frame)
    wrong = [raw[:cut] for cut in range(len(raw))]
    wrong += [raw + b"\x00", bytes([raw[0] + 1]) + raw[1:] + b"\xc0"]
    for one in wrong:
        with pytest.raises(codec.WireError) as caught:
            decode(one)
        assert caught.value.code == "bad_frame"
        assert caught.value.fault is Fault.REMOTE


@pytest.mark.parametrize("frame", CLIENT, ids=lambda one: type(one).__name__)
def test_each_field_of_a_wrong_type_is_refused(frame: f.ClientFrame) -> None:
    fields = msgspec.msgpack.decode(codec.encode(frame))
    for place, value in enumerate(fields):
        for other in (None, 1.5, {}, [[]], "text", b"bytes", -3, True):
            if isinstance(value, list) and isinstance(other, list):
                continue
            if type(other) is type(value) or (type(other) is int and type(value) is bool):
                continue
            broken = [*fields[:place], other, *fields[place + 1 :]]
            with pytest.raises(codec.WireError):
                codec.decode_client(msgspec.msgpack.encode(broken))


@given(st.binary(max_size=300))
def test_random_bytes_raise_nothing_else(raw: bytes) -> None:
    for decode in (codec.decode_client, codec.decode_server):
        try:
            decode(raw)
        except codec.WireError as error:
            assert str(error).endswith(".")


def test_mutated_frames_raise_nothing_else() -> None:
    dice = random.Random(20261123)
    for _ in range(20_000):
        raw = bytearray(codec.encode(dice.choice(CLIENT)))
        for _ in range(dice.randint(1, 4)):
            raw[dice.randrange(len(raw))] = dice.randrange(256)
        try:
            frame = codec.decode_client(bytes(raw))
        except codec.WireError:
            continue
        assert codec.decode_client(codec.encode(frame)) == frame


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x93\x63\x01\x01",  # an unknown tag
        b"\xdd\xff\xff\xff\xff\x15",  # four thousand million fields
        b"\x92\x15\xc6\xff\xff\xff\xff",  # four gigabytes of bytes
        b"\x91" * 100_000,  # nested
        b"\x92\x1b\x01\x92\x1b\x01",  # two frames in one message
        b"{}" * 3,
    ],
)
def test_junk_is_refused_with_a_sentence(raw: bytes) -> None:
    with pytest.raises(codec.WireError, match=r"^The frame could not be read: .*\.$"):
        codec.decode_client(raw)


def append(size: int) -> bytes:
    return codec.encode(f.Append(9, CONVERSATION, 0, f.APPLICATION, bytes(size), bytes(16)))


def test_a_message_of_64_kib_is_the_largest() -> None:
    codec.decode_client(append(codec.MESSAGE_BYTES))
    with pytest.raises(codec.MessageTooLarge, match=r"65537 bytes, and at most 65536") as caught:
        codec.decode_client(append(codec.MESSAGE_BYTES + 1))
    assert caught.value.request_id == 9
    assert caught.value.code == "too_large"
    assert caught.value.fault is Fault.LOCAL


def test_an_ephemeral_message_is_limited_too() -> None:
    raw = codec.encode(f.SendEphemeral(CONVERSATION, bytes(codec.MESSAGE_BYTES + 1)))
    with pytest.raises(codec.MessageTooLarge) as caught:
        codec.decode_client(raw)
    assert caught.value.request_id == 0


def test_an_ordinary_frame_over_256_kib_ends_the_connection() -> None:
    with pytest.raises(codec.WireError) as caught:
        codec.decode_client(append(codec.FRAME_BYTES))
    assert not isinstance(caught.value, codec.MessageTooLarge)
    assert caught.value.code == "too_large"


def test_a_bundle_may_have_2_mib_and_no_more() -> None:
    frame = f.CreateConversation(1, CONVERSATION, bytes(codec.BUNDLE_BYTES - 64))
    assert codec.decode_client(codec.encode(frame)) == frame
    large = f.CreateConversation(1, CONVERSATION, bytes(codec.BUNDLE_BYTES))
    with pytest.raises(codec.WireError, match=r"at most 2097152") as caught:
        codec.decode_client(codec.encode(large))
    assert caught.value.code == "too_large"


def test_a_server_frame_over_2_mib_is_refused() -> None:
    raw = codec.encode(f.GroupInfo(1, CONVERSATION, bytes(codec.BUNDLE_BYTES)))
    with pytest.raises(codec.WireError, match=r"at most 2097152"):
        codec.decode_server(raw)


def test_errors_do_not_repeat_what_was_sent() -> None:
    raw = msgspec.msgpack.encode([10, 1, 5, "Anna's secret"])
    with pytest.raises(codec.WireError) as caught:
        codec.decode_client(raw)
    assert "secret" not in str(caught.value)
