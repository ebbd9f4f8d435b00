"""Two records of one person made one: who writes, and who rang up before.

A customer's id comes from a conversation or a telephone number (customers.py). The one that went
is remembered as the one that stays, so that the same number does not make a new customer.
"""

from plausch.agent.customers import MAX_NOTE_CHARACTERS, Customer, of_telephone
from plausch.base.errors import LocalError
from plausch.db.interface import Transaction

_SAVE = """UPDATE customer SET name = $2, telephone = $3, language = $4, note = $5, visits = $6,
    no_shows = $7, first_seen_s = $8, last_seen_s = $9, away_at_s = $10 WHERE id = $1"""


class MergeRefused(LocalError):
    """These two are not one customer; nothing changed.

    Codes of its own: `two_conversations`, `note_too_long`.
    """

    code = "bad_params"


async def by_telephone(transaction: Transaction, telephone: str) -> str:
    """The id of the customer with a telephone number, whoever that is by now; empty for none."""
    identifier = of_telephone(telephone)
    found = await transaction.fetch("SELECT customer FROM merged WHERE id = $1", identifier)
    return found[0][0] if found else identifier


async def merge(transaction: Transaction, gone: Customer, kept: Customer) -> None:
    """All that is kept of one customer becomes another's. Raises MergeRefused."""
    if gone.identifier == kept.identifier:
        raise MergeRefused("These are the same record: choose another one.")
    if gone.conversation and kept.conversation:
        raise MergeRefused(
            "Both write in a conversation of their own: they stay two customers.",
            code="two_conversations",
        )
    if gone.conversation:
        raise MergeRefused("Who has a conversation stays: put the other record into this one.")
    note = _note(gone, kept)
    if len(note) > MAX_NOTE_CHARACTERS:
        raise MergeRefused(
            f"The two notes together have more than {MAX_NOTE_CHARACTERS} characters: shorten one.",
            code="note_too_long",
        )
    execute = transaction.execute
    for table in ("booking", "waiting", "merged"):
        await execute(
            f"UPDATE {table} SET customer = $2 WHERE customer = $1",  # nosec B608: names of ours
            gone.identifier,
            kept.identifier,
        )
    await execute("DELETE FROM customer WHERE id = $1", gone.identifier)
    await execute(
        "INSERT INTO merged (id, customer) VALUES ($1, $2)", gone.identifier, kept.identifier
    )
    await execute(
        _SAVE,
        kept.identifier,
        kept.name or gone.name,
        kept.telephone or gone.telephone,
        kept.language or gone.language,
        note,
        kept.visits + gone.visits,
        kept.no_shows + gone.no_shows,
        min(kept.first_seen_s, gone.first_seen_s),
        max(kept.last_seen_s, gone.last_seen_s),
        max(kept.away_at_s, gone.away_at_s),
    )


def _note(gone: Customer, kept: Customer) -> str:
    """Both notes; and the number that would be lost."""
    is_lost = kept.telephone and of_telephone(gone.telephone) != of_telephone(kept.telephone)
    parts = (kept.note, gone.note, gone.telephone if is_lost else "")
    return "\n".join(part for part in parts if part)
