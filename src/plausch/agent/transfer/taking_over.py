"""Bookings of a file into the book: all of them, or none and the reasons line by line.

Everything happens in one transaction of the book, by the hands of the staff; a preview does the
same and undoes it. A file that is taken over again changes nothing: each row has its token.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from plausch.agent.book import Book
from plausch.agent.desk import Desk
from plausch.agent.rows import BY_TOKEN, NO_CONVERSATION, Source
from plausch.agent.staff import StaffDesk, StaffWish
from plausch.agent.transfer.booking_rows import BookingRow
from plausch.agent.transfer.problems import CODES, NOT_POSSIBLE, Problem
from plausch.base.errors import LocalError
from plausch.domain.booking import BookingRefused
from plausch.domain.business import Business


@dataclass(frozen=True, slots=True)
class TakenOver:
    """How many rows became bookings now, and how many were bookings already."""

    new: int
    known: int


class RowsRefused(LocalError):
    """Some rows cannot be taken over; nothing was."""

    code = "rows_refused"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} rows cannot be taken over, so none was; correct them.")
        self.problems = tuple(problems)


class _PreviewOver(Exception):
    """Undoes a preview."""

    def __init__(self, outcome: TakenOver) -> None:
        super().__init__()
        self.outcome = outcome


async def take_over(
    rows: Sequence[BookingRow],
    book: Book,
    business: Business,
    now_s: int,
    *,
    is_preview: bool = False,
) -> TakenOver:
    """Enter all rows, by time. Raises RowsRefused, StorageUnavailable: then the book is as before.

    With `is_preview` the book is as before in any case.
    """

    async def body(desk: Desk) -> TakenOver:
        problems: list[Problem] = []
        new = known = 0
        for row in sorted(rows, key=lambda one: (one.starts_at_s, -one.party, one.line)):
            if await desk.select(BY_TOKEN, NO_CONVERSATION, row.token):
                known += 1
                continue
            try:
                await StaffDesk(desk).book(_wish(row))
                new += 1
            except BookingRefused as error:
                code = error.code if error.code in CODES else NOT_POSSIBLE
                problems.append(Problem(row.line, code))
        if problems:
            raise RowsRefused(sorted(problems, key=lambda one: one.line))
        if is_preview:
            raise _PreviewOver(TakenOver(new, known))
        return TakenOver(new, known)

    try:
        return await book.at_desk(business, now_s, body)
    except _PreviewOver as over:
        return over.outcome


def _wish(row: BookingRow) -> StaffWish:
    return StaffWish(
        row.token,
        row.starts_at_s,
        row.party,
        row.under_name,
        telephone=row.telephone,
        note=row.note,
        source=Source.STAFF,
    )
