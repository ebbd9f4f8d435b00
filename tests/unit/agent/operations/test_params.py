"""Params have limits, defaults, and JSON's names."""

from typing import Any

import msgspec
import pytest

from plausch.agent.operations import params as p


def test_from_is_from_in_json() -> None:
    assert msgspec.json.decode(b'{"from":"2026-12-24","days":7}', type=p.Days) == p.Days(
        "2026-12-24", 7
    )


def test_what_may_be_left_out_has_a_value() -> None:
    wish = msgspec.convert({"token": "token-01", "startsAtS": 1, "party": 2}, type=p.Book)
    assert (wish.source, wish.service, wish.resources, wish.note) == ("staff", "", (), "")
    move = msgspec.convert({"uid": "b-1", "sequence": 0}, type=p.Move)
    assert (move.starts_at_s, move.resources, move.party) == (None, None, None)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (p.Days, {"from": "24.12.2026", "days": 7}),
        (p.Days, {"from": "2026-12-24", "days": 0}),
        (p.Booked, {"uid": "", "sequence": 0}),
        (p.Booked, {"uid": "b-1", "sequence": -1}),
        (p.Attend, {"uid": "b-1", "sequence": 0, "state": "gone"}),
        (p.Book, {"token": "x", "startsAtS": 1, "party": 2}),
        (p.AddTicket, {"party": 0}),
        (p.FindCustomers, {"limit": 501}),
        (p.Empty, {"x": 1}),
    ],
)
def test_what_is_beyond_the_limits_is_refused(kind: Any, fields: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(fields, type=kind)
