"""The frame of a report: its limits, and when it may be sent."""

import msgspec
import pytest

from plausch.wire import frames as f
from plausch.wire.codec import FRAME_BYTES, WireError, decode_client, encode
from plausch.wire.reports import DISCLOSED_BYTES, MOST_REPORTED, NOTE_CHARACTERS, REASONS
from plausch.wire.session import ALLOWED, ANSWERS, State
from unit.wire.samples import CLIENT, REPORTED

REPORT = next(one for one in CLIENT if isinstance(one, f.Report))


def with_message(**changed: object) -> f.Report:
    message = msgspec.structs.replace(REPORTED, **changed)
    return msgspec.structs.replace(REPORT, messages=[message])


def test_the_largest_report_fits_into_a_frame() -> None:
    largest = msgspec.structs.replace(
        REPORT,
        name="x" * 64,
        note="\U0001f600" * NOTE_CHARACTERS,
        messages=[
            msgspec.structs.replace(REPORTED, content=bytes(DISCLOSED_BYTES), sender="x" * 512)
        ]
        * MOST_REPORTED,
    )
    raw = encode(largest)
    assert len(raw) > FRAME_BYTES
    assert decode_client(raw) == largest


@pytest.mark.parametrize(
    "frame",
    [
        msgspec.structs.replace(REPORT, note="x" * (NOTE_CHARACTERS + 1)),
        msgspec.structs.replace(REPORT, messages=[REPORTED] * (MOST_REPORTED + 1)),
        msgspec.structs.replace(REPORT, idempotency_id=bytes(15)),
        msgspec.structs.replace(REPORT, id=0),
        with_message(conversation=bytes(15)),
        with_message(stamp=bytes(31)),
        with_message(stamp=b""),
        with_message(key=bytes(17)),
        with_message(content=bytes(DISCLOSED_BYTES + 1)),
        with_message(accepted_at_ms=-1),
        with_message(sender="x" * 513),
    ],
)
def test_a_report_beyond_its_limits_is_none(frame: f.Report) -> None:
    with pytest.raises(WireError, match="could not be read: Expected"):
        decode_client(encode(frame))


def test_only_who_is_logged_in_reports() -> None:
    assert {state for state in State if f.Report in ALLOWED[state]} == {
        State.LOGGED_IN,
        State.RESUMED,
    }
    assert ANSWERS[f.Report] is f.Done


def test_the_reasons_fit_into_a_word() -> None:
    assert all(0 < len(reason) <= 64 for reason in REASONS)
