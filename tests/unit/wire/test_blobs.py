"""The frames of blobs: their limits, and that a chunk fits where it travels."""

import pytest

from plausch.wire import frames as f
from plausch.wire.blobs import BLOB_CHUNK_BYTES, MAX_BLOB_BYTES
from plausch.wire.codec import FRAME_BYTES, WireError, decode_client, decode_server, encode
from plausch.wire.session import ALLOWED, ANSWERS, State
from unit.wire.samples import BLOB

FULL = bytes(BLOB_CHUNK_BYTES)
MOST_ID = f.MAX_INTEGER


@pytest.mark.parametrize(
    "frame",
    [
        f.BeginBlob(1, BLOB, 1, bytes(32)),
        f.BeginBlob(MOST_ID, BLOB, MAX_BLOB_BYTES, bytes(32)),
        f.PutBlobChunk(MOST_ID, BLOB, MAX_BLOB_BYTES, FULL),
        f.PutBlobChunk(1, BLOB, 0, b"x"),
        f.GetBlobChunk(1, BLOB, 0, 1),
        f.GetBlobChunk(1, BLOB, MAX_BLOB_BYTES, BLOB_CHUNK_BYTES),
        f.DropBlob(1, BLOB),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_request_at_its_limits_is_one(frame: f.ClientFrame) -> None:
    assert decode_client(encode(frame)) == frame


@pytest.mark.parametrize(
    "frame",
    [
        f.BeginBlob(0, BLOB, 1, bytes(32)),
        f.BeginBlob(1, BLOB, 0, bytes(32)),
        f.BeginBlob(1, BLOB, MAX_BLOB_BYTES + 1, bytes(32)),
        f.BeginBlob(1, BLOB[:-1], 1, bytes(32)),
        f.BeginBlob(1, BLOB + b"x", 1, bytes(32)),
        f.BeginBlob(1, BLOB, 1, bytes(31)),
        f.BeginBlob(1, BLOB, 1, bytes(33)),
        f.PutBlobChunk(1, BLOB, 0, b""),
        f.PutBlobChunk(1, BLOB, 0, FULL + b"x"),
        f.PutBlobChunk(1, BLOB, -1, b"x"),
        f.PutBlobChunk(1, BLOB, MAX_BLOB_BYTES + 1, b"x"),
        f.PutBlobChunk(1, b"", 0, b"x"),
        f.GetBlobChunk(1, BLOB, 0, 0),
        f.GetBlobChunk(1, BLOB, 0, BLOB_CHUNK_BYTES + 1),
        f.GetBlobChunk(1, BLOB, -1, 1),
        f.GetBlobChunk(1, b"x" * 33, 0, 1),
        f.DropBlob(1, b"x" * 31),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_request_beyond_its_limits_is_none(frame: f.ClientFrame) -> None:
    with pytest.raises(WireError, match="could not be read: Expected"):
        decode_client(encode(frame))


@pytest.mark.parametrize(
    "frame",
    [
        f.BlobStands(1, 0, 1),
        f.BlobStands(MOST_ID, MAX_BLOB_BYTES, MAX_BLOB_BYTES),
        f.BlobChunk(1, 1, b""),
        f.BlobChunk(1, MAX_BLOB_BYTES, FULL),
    ],
    ids=str,
)
def test_an_answer_at_its_limits_is_one(frame: f.ServerFrame) -> None:
    assert decode_server(encode(frame)) == frame


@pytest.mark.parametrize(
    "frame",
    [
        f.BlobStands(1, -1, 1),
        f.BlobStands(1, 0, 0),
        f.BlobStands(1, MAX_BLOB_BYTES + 1, 1),
        f.BlobChunk(1, 0, b""),
        f.BlobChunk(1, 1, FULL + b"x"),
        f.BlobChunk(0, 1, b"x"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_an_answer_beyond_its_limits_is_none(frame: f.ServerFrame) -> None:
    with pytest.raises(WireError):
        decode_server(encode(frame))


def test_a_full_chunk_is_an_ordinary_frame() -> None:
    assert len(encode(f.PutBlobChunk(MOST_ID, BLOB, MAX_BLOB_BYTES, FULL))) < FRAME_BYTES


def test_blobs_are_for_devices_that_are_logged_in() -> None:
    for kind in (f.BeginBlob, f.PutBlobChunk, f.GetBlobChunk, f.DropBlob):
        assert kind not in ALLOWED[State.OPENING]
        assert kind in ALLOWED[State.LOGGED_IN] & ALLOWED[State.RESUMED]


def test_an_upload_is_answered_by_where_it_stands() -> None:
    assert ANSWERS[f.BeginBlob] is ANSWERS[f.PutBlobChunk] is f.BlobStands
    assert ANSWERS[f.GetBlobChunk] is f.BlobChunk
    assert ANSWERS[f.DropBlob] is f.Done
