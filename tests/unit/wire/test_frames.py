"""The frames as such: tags, samples for all of them, limits of values."""

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.wire import frames as f
from plausch.wire.codec import WireError, decode_client, decode_server, encode
from plausch.wire.session import ANSWERS, PUSHES, UNANSWERED
from unit.wire.samples import CLIENT, CONVERSATION, ENVELOPE, SERVER


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
        f.Resume(0, b""),
        f.Resume(-1, b""),
        f.Resume(2**53, b""),
        f.Resume(1, CONVERSATION + b"x"),
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


# --- the document --------------------------------------------------------------------------

DOCUMENT = Path(__file__).resolve().parents[3] / "spec" / "wire.md"
ROW = re.compile(r"^\| (\d+) \| `(\w+)` \| ([^|]*?) \|", re.MULTILINE)


def documented() -> dict[str, tuple[int, list[str]]]:
    """Tag and fields of each frame, as spec/wire.md has them."""
    found = {}
    for tag, name, fields in ROW.findall(DOCUMENT.read_text(encoding="utf-8")):
        bare = re.sub(r"\([^)]*\)|: \[[^]]*\] each", "", fields)
        found[name] = (int(tag), [one.strip() for one in bare.split(",")])
    return found


def test_the_document_has_every_frame_with_its_tag_and_its_fields_in_order() -> None:
    kinds = get_args(f.ClientFrame) + get_args(f.ServerFrame)
    assert documented() == {
        kind.__name__: (tag_of(kind), list(kind.__struct_fields__)) for kind in kinds
    }


def test_requests_and_answers_carry_their_id_first() -> None:
    without = {f.Hello, f.Closing} | PUSHES | UNANSWERED
    for kind in get_args(f.ClientFrame) + get_args(f.ServerFrame):
        assert (kind.__struct_fields__[0] == "id") is (kind not in without), kind


# --- limits: the last value that is one, and the first that is none -----------------------

MOST = 2**53 - 1
COUNTS = (0, MOST)


def client(kind: type[f.ClientFrame]) -> f.ClientFrame:
    return next(one for one in CLIENT if type(one) is kind)


def server(kind: type[f.ServerFrame]) -> f.ServerFrame:
    return next(one for one in SERVER if type(one) is kind)


def changed(frame: f.Frame, **fields: object) -> f.Frame:
    values = {name: getattr(frame, name) for name in frame.__struct_fields__}
    return type(frame)(**{**values, **fields})


NUMBERS: list[tuple[type[f.Frame], str, int, int]] = [
    *[(kind, "id", 1, MOST) for kind in ANSWERS],
    (f.ClaimKeyPackages, "suite", 0, 0xFFFF),
    (f.Append, "epoch", *COUNTS),
    (f.Append, "kind", f.APPLICATION, f.PROPOSAL),
    (f.AppendCommit, "epoch", *COUNTS),
    (f.Read, "after", *COUNTS),
    (f.Read, "limit", 1, 500),
    (f.Acknowledge, "seq", *COUNTS),
    (f.ReadMailbox, "after", *COUNTS),
    (f.ReadMailbox, "limit", 1, 50),
    (f.AcknowledgeMailbox, "item", *COUNTS),
    (f.BeginBlob, "length", 1, 2**40),
    (f.PutBlobChunk, "offset", 0, 2**40),
    (f.GetBlobChunk, "offset", 0, 2**40),
    (f.GetBlobChunk, "limit", 1, 128 * 1024),
    (f.OpenPairing, "side", 0, 1),
    (f.OpenPairing, "after", *COUNTS),
    (f.SendPairing, "number", 1, 4),
]
SERVER_NUMBERS: list[tuple[type[f.Frame], str, int, int]] = [
    (f.Hello, "version", *COUNTS),
    (f.LoggedIn, "id", 1, MOST),
    (f.LoggedIn, "server_time_ms", *COUNTS),
    (f.LoggedIn, "key_packages", *COUNTS),
    (f.Done, "id", 1, MOST),
    (f.Refused, "id", *COUNTS),
    (f.Refused, "retry_after_ms", *COUNTS),
    (f.Refused, "epoch", -1, MOST),
    (f.Refused, "head", -1, MOST),
    (f.Appended, "seq", *COUNTS),
    (f.Appended, "accepted_at_ms", *COUNTS),
    (f.Envelopes, "head", *COUNTS),
    (f.Resumed, "mailbox", *COUNTS),
    (f.Delivery, "head", *COUNTS),
    (f.MailboxMoved, "item", *COUNTS),
    (f.CursorMoved, "seq", *COUNTS),
    (f.Closing, "retry_after_ms", *COUNTS),
    (f.BlobStands, "offset", 0, 2**40),
    (f.BlobStands, "length", 1, 2**40),
    (f.BlobChunk, "length", 1, 2**40),
    (f.PairingMessage, "number", 1, 4),
    (f.Backup, "kept_at_ms", *COUNTS),
]


def named(case: object) -> str | None:
    return case.__name__ if isinstance(case, type) else None


@pytest.mark.parametrize(("kind", "field", "least", "most"), NUMBERS, ids=named)
def test_a_number_of_a_device_is_taken_up_to_its_limits_and_not_beyond(
    kind: type[f.ClientFrame], field: str, least: int, most: int
) -> None:
    for value in (least, most):
        frame = changed(client(kind), **{field: value})
        assert decode_client(encode(frame)) == frame  # type: ignore[arg-type]
    for value in (least - 1, most + 1):
        with pytest.raises(WireError, match=r"could not be read: Expected `int`"):
            decode_client(encode(changed(client(kind), **{field: value})))  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "field", "least", "most"), SERVER_NUMBERS, ids=named)
def test_a_number_of_the_server_is_taken_up_to_its_limits_and_not_beyond(
    kind: type[f.ServerFrame], field: str, least: int, most: int
) -> None:
    for value in (least, most):
        frame = changed(server(kind), **{field: value})
        assert decode_server(encode(frame)) == frame  # type: ignore[arg-type]
    for value in (least - 1, most + 1):
        with pytest.raises(WireError, match=r"could not be read: Expected `int`"):
            decode_server(encode(changed(server(kind), **{field: value})))  # type: ignore[arg-type]


SIZES: list[tuple[type[f.Frame], str, int, int, object]] = [
    (f.Register, "name", 0, 64, "é"),
    (f.Register, "kind", 0, 64, "x"),
    (f.Register, "invitation", 0, 256, "x"),
    (f.Login, "device", 0, 512, "é"),
    (f.Login, "signature", 64, 64, b"s"),
    (f.GetAccount, "name", 0, 64, "x"),
    (f.PublishDeviceList, "certificates", 0, 64, [b"c"]),
    (f.UploadKeyPackages, "key_packages", 0, 100, [b"k"]),
    (f.ClaimKeyPackages, "name", 0, 64, "x"),
    (f.ClaimKeyPackages, "devices", 0, 64, ["d"]),
    *[
        (kind, "conversation", 16, 16, b"c")
        for kind in (
            *(f.CreateConversation, f.Append, f.AppendCommit, f.Read, f.Acknowledge),
            *(f.GetGroupInfo, f.GetCursors, f.SendEphemeral),
        )
    ],
    (f.Append, "idempotency_id", 16, 16, b"i"),
    (f.AppendCommit, "idempotency_id", 16, 16, b"i"),
    (f.AppendCommit, "welcome_to", 0, 1000, ["d"]),
    (f.Resume, "after", 0, 16, b"c"),
    (f.SetWakeUp, "endpoint", 0, 1024, "é"),
]


@pytest.mark.parametrize(("kind", "field", "least", "most", "unit"), SIZES, ids=named)
def test_a_text_a_byte_string_and_a_list_are_as_long_as_they_may_be_and_no_longer(
    kind: type[f.ClientFrame], field: str, least: int, most: int, unit: str | bytes | list[str]
) -> None:
    for size in {least, most}:
        frame = changed(client(kind), **{field: unit * size})
        assert decode_client(encode(frame)) == frame  # type: ignore[arg-type]
    for size in {least - 1, most + 1} - {-1}:
        with pytest.raises(WireError, match=r"could not be read: Expected"):
            decode_client(encode(changed(client(kind), **{field: unit * size})))  # type: ignore[arg-type]


def test_an_item_of_a_list_is_as_long_as_it_may_be_too() -> None:
    for kind, field in ((f.ClaimKeyPackages, "devices"), (f.AppendCommit, "welcome_to")):
        for size, good in ((512, True), (513, False)):
            frame = changed(client(kind), **{field: ["ok", "x" * size]})
            if good:
                assert decode_client(encode(frame)) == frame  # type: ignore[arg-type]
            else:
                with pytest.raises(WireError):
                    decode_client(encode(frame))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "envelope",
    [
        changed(ENVELOPE, kind=0),  # type: ignore[arg-type]
        changed(ENVELOPE, kind=4),  # type: ignore[arg-type]
        changed(ENVELOPE, seq=-1),  # type: ignore[arg-type]
        changed(ENVELOPE, epoch=MOST + 1),  # type: ignore[arg-type]
        changed(ENVELOPE, accepted_at_ms=-1),  # type: ignore[arg-type]
        changed(ENVELOPE, sender="x" * 513),  # type: ignore[arg-type]
    ],
)
def test_an_envelope_out_of_range_spoils_what_carries_it(envelope: f.Envelope) -> None:
    for frame in (
        f.Envelopes(1, CONVERSATION, [ENVELOPE, envelope], 7),
        f.Delivery(CONVERSATION, 7, [ENVELOPE, envelope]),
    ):
        with pytest.raises(WireError):
            decode_server(encode(frame))


@pytest.mark.parametrize("frame", CLIENT + SERVER, ids=lambda one: type(one).__name__)
def test_one_field_more_or_less_is_no_frame(frame: f.ClientFrame | f.ServerFrame) -> None:
    decode = decode_client if frame in CLIENT else decode_server
    fields = msgspec.msgpack.decode(encode(frame))
    with pytest.raises(WireError):
        decode(msgspec.msgpack.encode([*fields, 0]))
    if not isinstance(frame, f.Refused | f.Append):  # whose last fields may be left out
        with pytest.raises(WireError):
            decode(msgspec.msgpack.encode(fields[:-1]))
    for tag in (0, -1, 7, 127, 128, 2**32, "Read", None):
        with pytest.raises(WireError):
            decode(msgspec.msgpack.encode([tag, *fields[1:]]))


def test_a_refusal_may_leave_out_what_it_does_not_say() -> None:
    brief = msgspec.msgpack.encode([6, 1, "bad_name", "No.", "local"])
    assert decode_server(brief) == f.Refused(1, "bad_name", "No.", "local", 0, -1, -1)


def test_an_append_may_leave_out_that_it_is_not_quiet() -> None:
    *fields, quiet = msgspec.msgpack.decode(encode(client(f.Append)))  # type: ignore[arg-type]
    assert quiet is False
    assert decode_client(msgspec.msgpack.encode(fields)) == client(f.Append)


@given(st.sampled_from(CLIENT), st.integers(0, 7), st.integers(-(2**63), 2**64 - 1))
def test_any_number_in_any_place_is_a_frame_in_range_or_none(
    frame: f.ClientFrame, place: int, number: int
) -> None:
    fields = msgspec.msgpack.decode(encode(frame))
    fields[1 + place % (len(fields) - 1)] = number
    raw = msgspec.msgpack.encode(fields)
    try:
        found = decode_client(raw)
    except WireError:
        return
    assert encode(found) == raw
    assert 0 <= number <= MOST
