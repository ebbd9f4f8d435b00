"""Messages in pieces."""

import pytest

from plausch.server.pieces import Pieces
from plausch.wire.codec import BUNDLE_BYTES, WireError


def test_pieces_make_a_message() -> None:
    pieces = Pieces(b"one ")
    pieces.add(b"after ")
    pieces.add(b"another")
    assert pieces.whole(b"") == b"one after another"
    assert Pieces(b"two ").whole(b"alone") == b"two alone"


def test_an_empty_piece_is_refused() -> None:
    with pytest.raises(WireError, match="no empty ones"):
        Pieces(b"")
    pieces = Pieces(b"x")
    with pytest.raises(WireError, match="no empty ones") as caught:
        pieces.add(b"")
    assert caught.value.code == "bad_frame"


def test_no_more_is_kept_than_a_frame_may_have() -> None:
    pieces = Pieces(bytes(BUNDLE_BYTES - 1))
    pieces.add(b"x")
    with pytest.raises(WireError, match=f"at most {BUNDLE_BYTES} bytes"):
        pieces.add(b"x")
    with pytest.raises(WireError):
        Pieces(bytes(BUNDLE_BYTES + 1))
