"""Reports: who reported whom and why, and what was disclosed; and the server's key for stamps.

Closing a report deletes what was disclosed; that there was a report stays. `closed_at_ms` is 0
while it is open.
"""

from collections.abc import Sequence
from typing import NamedTuple

from plausch.db.interface import Bulk, Transaction

TABLES = (
    """CREATE TABLE reporting_key (
        id BIGINT PRIMARY KEY CHECK (id = 1),
        secret {bytes} NOT NULL
    )""",
    """CREATE TABLE report (
        id {serial},
        reporter_id BIGINT NOT NULL REFERENCES account (id),
        idempotency_id {bytes} NOT NULL,
        reported_id BIGINT NOT NULL REFERENCES account (id),
        reason TEXT NOT NULL,
        note TEXT NOT NULL,
        reported_at_ms BIGINT NOT NULL,
        closed_at_ms BIGINT NOT NULL,
        UNIQUE (reporter_id, idempotency_id)
    )""",
    """CREATE TABLE disclosed (
        report_id BIGINT NOT NULL REFERENCES report (id),
        place BIGINT NOT NULL,
        conversation {bytes} NOT NULL,
        sender TEXT NOT NULL,
        accepted_at_ms BIGINT NOT NULL,
        content {bytes} NOT NULL,
        PRIMARY KEY (report_id, place)
    )""",
)

_DISCLOSE = Bulk(
    "INSERT INTO disclosed (report_id, place, conversation, sender, accepted_at_ms, content) "
    "{rows}",
    ("int", "int", "bytes", "text", "int", "bytes"),
)
_SELECT = (
    "SELECT r.id, a.name, b.name, r.reason, r.note, r.reported_at_ms, r.closed_at_ms, "
    "(SELECT count(*) FROM disclosed d WHERE d.report_id = r.id) FROM report r "
    "JOIN account a ON a.id = r.reporter_id JOIN account b ON b.id = r.reported_id "
)


class NewReport(NamedTuple):
    """A report as it comes in; the accounts' keys."""

    reporter: int
    idempotency_id: bytes
    reported: int
    reason: str
    note: str
    reported_at_ms: int


class ReportRow(NamedTuple):
    """A report as the operator sees it; the accounts' names, how much is still disclosed."""

    number: int
    reporter: str
    reported: str
    reason: str
    note: str
    reported_at_ms: int
    closed_at_ms: int
    messages: int


class Disclosed(NamedTuple):
    """A message of a report: the server has found that it is genuine."""

    conversation: bytes
    sender: str
    accepted_at_ms: int
    content: bytes


async def secret(tx: Transaction, fresh: bytes) -> bytes:
    """The server's key for stamps; `fresh` becomes it when there is none yet."""
    await tx.execute(
        "INSERT INTO reporting_key (id, secret) VALUES (1, $1) ON CONFLICT (id) DO NOTHING", fresh
    )
    rows = await tx.fetch("SELECT secret FROM reporting_key")
    return bytes(rows[0][0])


async def add(tx: Transaction, report: NewReport, disclosed: Sequence[Disclosed]) -> bool:
    """Keep a report; False when this reporter's report of that id is there already."""
    rows = await tx.fetch(
        "INSERT INTO report (reporter_id, idempotency_id, reported_id, reason, note, "
        "reported_at_ms, closed_at_ms) VALUES ($1, $2, $3, $4, $5, $6, 0) "
        "ON CONFLICT (reporter_id, idempotency_id) DO NOTHING RETURNING id",
        *report,
    )
    if not rows:
        return False
    number = int(rows[0][0])
    await tx.fetch_bulk(_DISCLOSE, [(number, place, *one) for place, one in enumerate(disclosed)])
    return True


async def count_open(tx: Transaction, reporter: int) -> int:
    """How many reports of this account nobody has closed yet."""
    rows = await tx.fetch(
        "SELECT count(*) FROM report WHERE reporter_id = $1 AND closed_at_ms = 0", reporter
    )
    return int(rows[0][0])


async def of_state(tx: Transaction, *, closed: bool) -> list[ReportRow]:
    """The open reports, or the closed ones, oldest first."""
    where = "WHERE r.closed_at_ms > 0 " if closed else "WHERE r.closed_at_ms = 0 "
    return [ReportRow(*row) for row in await tx.fetch(_SELECT + where + "ORDER BY r.id")]


async def newest(tx: Transaction, limit: int) -> list[ReportRow]:
    """Reports, open ones first, newest first."""
    order = "ORDER BY CASE WHEN r.closed_at_ms = 0 THEN 0 ELSE 1 END, r.id DESC LIMIT $1"
    return [ReportRow(*row) for row in await tx.fetch(_SELECT + order, limit)]


async def get(tx: Transaction, number: int) -> ReportRow | None:
    """One report."""
    rows = await tx.fetch(_SELECT + "WHERE r.id = $1", number)
    return ReportRow(*rows[0]) if rows else None


async def disclosed_in(tx: Transaction, number: int) -> list[Disclosed]:
    """The messages of a report, as the reporter put them; none once it is closed."""
    rows = await tx.fetch(
        "SELECT conversation, sender, accepted_at_ms, content FROM disclosed "
        "WHERE report_id = $1 ORDER BY place",
        number,
    )
    return [Disclosed(bytes(row[0]), row[1], row[2], bytes(row[3])) for row in rows]


async def close(tx: Transaction, number: int, at_ms: int) -> None:
    """The operator has dealt with it: what was disclosed goes."""
    await tx.execute("DELETE FROM disclosed WHERE report_id = $1", number)
    await tx.execute(
        "UPDATE report SET closed_at_ms = $2 WHERE id = $1 AND closed_at_ms = 0", number, at_ms
    )
