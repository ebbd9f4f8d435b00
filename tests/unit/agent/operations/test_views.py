"""What is answered has camelCase names, and nothing but its fields is taken back."""

import msgspec
import pytest

from plausch.agent.operations import views as v


def test_names_are_camel_case_in_json() -> None:
    raw = msgspec.json.encode(v.SlotView(starts_at_s=7, duration_s=60))
    assert raw == b'{"startsAtS":7,"durationS":60}'
    figures = v.FiguresView((), 1, 2, 0.5, 1.5)
    assert b'"answerP95S":1.5' in msgspec.json.encode(figures)


def test_other_fields_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"startsAtS":7,"durationS":60,"x":1}', type=v.SlotView)


def test_a_view_cannot_be_changed() -> None:
    view = v.SlotView(7, 60)
    with pytest.raises(AttributeError):
        view.starts_at_s = 8  # type: ignore[misc]


@pytest.mark.parametrize("raw", [b'{"opensMinute":1440,"closesMinute":1500}', b"{}", b"null"])
def test_limits_are_checked_where_it_is_read(raw: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(raw, type=v.SpanView)
