"""Customers of the book as rows, and rows as customers of the book."""

from collections.abc import Sequence

from plausch.agent import customers, merging
from plausch.agent.book import Book
from plausch.agent.customers import MAX_LISTED, Customer, Seen
from plausch.agent.desk import Desk
from plausch.agent.transfer.customer_rows import CustomerRow
from plausch.agent.transfer.problems import Problem
from plausch.agent.transfer.taking_over import RowsRefused, TakenOver
from plausch.domain.business import Business


async def all_customers(book: Book, business: Business, now_s: int) -> list[CustomerRow]:
    """Everybody in the book who has a name or a telephone number."""

    async def body(desk: Desk) -> list[CustomerRow]:
        found: list[CustomerRow] = []
        after = ""
        while page := await customers.listed(desk.transaction, limit=MAX_LISTED, after=after):
            found += [_row(one) for one in page if one.name or one.telephone]
            after = page[-1].identifier
        return found

    return await book.at_desk(business, now_s, body)


async def take_over_customers(
    rows: Sequence[tuple[int, CustomerRow]],
    book: Book,
    business: Business,
    now_s: int,
    *,
    is_preview: bool = False,
) -> TakenOver:
    """Remember all of these people, by their telephone numbers; a note replaces an empty one only.

    Raises RowsRefused: nobody was remembered. Who is known already is brought up to date.
    """
    problems = [Problem(line, "no_telephone") for line, row in rows if not row.telephone]
    if problems:
        raise RowsRefused(problems)

    async def body(desk: Desk) -> TakenOver:
        new = 0
        for _, row in rows:
            identifier = await merging.by_telephone(desk.transaction, row.telephone)
            known = await customers.find(desk.transaction, identifier)
            new += known is None
            if is_preview:
                continue
            seen = Seen(identifier, name=row.name, telephone=row.telephone, language=row.language)
            await customers.remember(desk.transaction, seen, now_s)
            if row.note and (known is None or not known.note):
                await customers.annotate(desk.transaction, identifier, row.note)
        return TakenOver(new, len(rows) - new)

    return await book.at_desk(business, now_s, body)


def _row(one: Customer) -> CustomerRow:
    return CustomerRow(one.name, one.telephone, one.language, one.note, one.visits, one.no_shows)
