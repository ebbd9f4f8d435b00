"""What is wrong with an append by itself is said before anything is looked up."""

import msgspec
import pytest

from plausch.server.append_checks import message_refusal, request_refusal
from plausch.wire import frames as f

CONVERSATION = b"c" * 16
OUTSIDE = b"\x00\x01\x00\x02\x10" + CONVERSATION + (7).to_bytes(8, "big") + b"\x01"
GOOD = f.Append(1, CONVERSATION, 7, f.APPLICATION, OUTSIDE + b"...", b"i" * 16)


def test_nothing_is_wrong_with_a_good_one() -> None:
    assert request_refusal(GOOD, 100) is None
    assert message_refusal(GOOD) is None


@pytest.mark.parametrize(
    ("changes", "code", "sentence"),
    [
        ({"message": bytes(101)}, "too_large", "has 101 bytes; 100 is the most"),
        ({"kind": f.COMMIT}, "bad_message", "cannot be of kind"),
        ({"epoch": -1}, "bad_message", "no epoch -1"),
        ({"epoch": 1 << 63}, "bad_message", "no epoch"),
        ({"idempotency_id": b"short"}, "bad_message", "idempotency id has 16 bytes"),
    ],
)
def test_each_mistake_is_a_sentence(changes: dict[str, object], code: str, sentence: str) -> None:
    refusal = request_refusal(msgspec.structs.replace(GOOD, **changes), 100)
    assert refusal is not None
    assert refusal.code == code
    assert sentence in str(refusal)


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (b"", "no MLS message"),
        (OUTSIDE.replace(b"c", b"d") + bytes(80), "of this conversation"),
        (OUTSIDE[:-2] + b"\x08\x01" + bytes(80), "epoch 8"),
    ],
)
def test_a_message_of_another_outside_is_refused(message: bytes, sentence: str) -> None:
    refusal = message_refusal(msgspec.structs.replace(GOOD, message=message))
    assert refusal is not None
    assert refusal.code == "bad_message"
    assert sentence in str(refusal)
