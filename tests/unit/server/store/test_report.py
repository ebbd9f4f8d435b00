"""The tables of reports: what is kept of one, and what goes when it is closed."""

from plausch.server.store import report
from plausch.server.store.report import Disclosed, NewReport, ReportRow
from unit.server.store.conftest import Rows

MESSAGES = [
    Disclosed(b"C" * 16, "uri:till", 5, b"one"),
    Disclosed(b"C" * 16, "uri:till", 3, b"two"),
]


def new(rows: Rows, idempotency_id: bytes = b"first") -> NewReport:
    return NewReport(rows.anna, idempotency_id, rows.cem, "spam", "note", 7)


async def test_a_report_is_kept_with_its_messages_in_their_order(rows: Rows) -> None:
    assert await rows.run(lambda tx: report.add(tx, new(rows), MESSAGES))
    (one,) = await rows.run(lambda tx: report.of_state(tx, closed=False))
    assert one == ReportRow(one.number, "anna", "cem", "spam", "note", 7, 0, 2)
    assert await rows.run(lambda tx: report.get(tx, one.number)) == one
    assert await rows.run(lambda tx: report.disclosed_in(tx, one.number)) == MESSAGES
    assert await rows.run(lambda tx: report.get(tx, one.number + 1)) is None


async def test_a_report_of_the_same_id_is_the_same(rows: Rows) -> None:
    assert await rows.run(lambda tx: report.add(tx, new(rows), MESSAGES))
    assert not await rows.run(lambda tx: report.add(tx, new(rows), MESSAGES[:1]))
    other = new(rows)._replace(reporter=rows.cem)
    assert await rows.run(lambda tx: report.add(tx, other, MESSAGES[:1]))
    assert await rows.run(lambda tx: report.count_open(tx, rows.anna)) == 1
    assert len(await rows.run(lambda tx: report.of_state(tx, closed=False))) == 2


async def test_closing_deletes_what_was_disclosed_once(rows: Rows) -> None:
    await rows.run(lambda tx: report.add(tx, new(rows), MESSAGES))
    await rows.run(lambda tx: report.add(tx, new(rows, b"second"), MESSAGES))
    first, second = await rows.run(lambda tx: report.of_state(tx, closed=False))
    for at_ms in (9, 11):
        await rows.run(lambda tx, at_ms=at_ms: report.close(tx, first.number, at_ms))
    (closed,) = await rows.run(lambda tx: report.of_state(tx, closed=True))
    assert closed == first._replace(closed_at_ms=9, messages=0)
    assert await rows.run(lambda tx: report.disclosed_in(tx, first.number)) == []
    assert await rows.run(lambda tx: report.of_state(tx, closed=False)) == [second]
    assert await rows.run(lambda tx: report.disclosed_in(tx, second.number)) == MESSAGES
    assert await rows.run(lambda tx: report.count_open(tx, rows.anna)) == 1


async def test_open_ones_come_first_then_the_newest(rows: Rows) -> None:
    for name in (b"first", b"second", b"third"):
        await rows.run(lambda tx, name=name: report.add(tx, new(rows, name), MESSAGES))
    first, second, third = await rows.run(lambda tx: report.of_state(tx, closed=False))
    await rows.run(lambda tx: report.close(tx, third.number, 9))
    found = await rows.run(lambda tx: report.newest(tx, 5))
    assert [one.number for one in found] == [second.number, first.number, third.number]
    assert await rows.run(lambda tx: report.newest(tx, 1)) == [second]


async def test_the_first_key_stays(rows: Rows) -> None:
    assert await rows.run(lambda tx: report.secret(tx, b"first")) == b"first"
    assert await rows.run(lambda tx: report.secret(tx, b"second")) == b"first"
