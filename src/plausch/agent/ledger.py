"""What the operations keep in the book beside the bookings.

`answered_call` makes a call that comes twice one call: its answer is written in the transaction
that does the work. `change` gets a row by trigger whenever something of the business changes, from
whatever side and process, so that nobody can forget to tell of it. `answer_time` is how long guests
waited for answers. `setting` holds the business as it was set by its people.
"""

from dataclasses import dataclass

from plausch.db.interface import Transaction

KEPT_ANSWERS_S = 24 * 3600
"""A call comes again within minutes or not at all: what is older than a minute is stale."""

KEPT_CHANGES = 1_000
KEPT_TIMES_S = 400 * 86_400

_WATCHED = ("INSERT", "UPDATE", "DELETE")


def _trigger(table: str, verb: str, what: str, at_s: str) -> str:
    """Note in `change` what happened to a row of a table; `at_s`: when it is about."""
    row = "OLD" if verb == "DELETE" else "NEW"
    return (
        f"CREATE TRIGGER {table}_{verb.lower()}_told AFTER {verb} ON {table} BEGIN "
        f"INSERT INTO change (what, at_s) VALUES ('{what}', {at_s.format(row=row)}); END"  # nosec B608: names of ours
    )


def watching(table: str, what: str, at_s: str = "0") -> tuple[str, ...]:
    """The statements after which every change of a table is told; `at_s` is an expression in
    which {row} stands for the row."""
    return tuple(_trigger(table, verb, what, at_s) for verb in _WATCHED)


STATEMENTS = (
    """CREATE TABLE answered_call (
        device TEXT NOT NULL,
        id TEXT NOT NULL,
        answer {bytes} NOT NULL,
        at_s BIGINT NOT NULL,
        PRIMARY KEY (device, id)
    )""",
    "CREATE INDEX answered_call_by_age ON answered_call (at_s)",
    """CREATE TABLE change (
        number {serial},
        what TEXT NOT NULL,
        at_s BIGINT NOT NULL
    )""",
    """CREATE TABLE answer_time (
        at_s BIGINT NOT NULL,
        took_ms BIGINT NOT NULL
    )""",
    "CREATE INDEX answer_time_by_age ON answer_time (at_s)",
    """CREATE TABLE setting (
        name TEXT PRIMARY KEY,
        value {bytes} NOT NULL
    )""",
    *watching("booking", "bookings", "{row}.starts_at_s"),
    *watching("block", "bookings", "{row}.starts_at_s"),
    *watching("waiting", "waiting", "{row}.from_s"),
    *watching("ticket", "queue"),
    *watching("customer", "customers"),
    *watching("setting", "business"),
)
"""The shape of these tables, one step of the book's."""

AGENT_STATEMENTS = ("CREATE TABLE agent_device (device TEXT PRIMARY KEY)",)
"""Devices that were the agent, by their claims; another step."""


@dataclass(frozen=True, slots=True)
class CallName:
    """By what a call is known: the device that made it, and the id that it gave."""

    device: str
    id: str


@dataclass(frozen=True, slots=True)
class Change:
    """Something has changed; `at_s`: when that takes place, 0 if that has no meaning."""

    number: int
    what: str
    at_s: int


async def answer_to(transaction: Transaction, call: CallName) -> bytes | None:
    """The answer that the call got before."""
    rows = await transaction.fetch(
        "SELECT answer FROM answered_call WHERE device = $1 AND id = $2", call.device, call.id
    )
    return rows[0][0] if rows else None


async def keep_answer(transaction: Transaction, call: CallName, answer: bytes, now_s: int) -> None:
    """This is the call's answer from now on; very old ones are let go of."""
    await transaction.execute(
        "INSERT INTO answered_call (device, id, answer, at_s) VALUES ($1, $2, $3, $4)",
        call.device,
        call.id,
        answer,
        now_s,
    )
    await transaction.execute("DELETE FROM answered_call WHERE at_s < $1", now_s - KEPT_ANSWERS_S)


async def changes_after(transaction: Transaction, number: int) -> list[Change]:
    """What has changed since the change of that number, oldest first."""
    rows = await transaction.fetch(
        "SELECT number, what, at_s FROM change WHERE number > $1 ORDER BY number", number
    )
    return [Change(*row) for row in rows]


async def last_change(transaction: Transaction) -> int:
    """The number of the newest change, 0 if there was none."""
    rows = await transaction.fetch("SELECT COALESCE(MAX(number), 0) FROM change")
    return int(rows[0][0])


async def forget_changes(transaction: Transaction, up_to: int) -> None:
    """Let go of changes that were told, but for the last ones: other processes read them too."""
    await transaction.execute("DELETE FROM change WHERE number <= $1", up_to - KEPT_CHANGES)


async def keep_answer_time(transaction: Transaction, now_s: int, took_ms: int) -> None:
    """A guest was answered; figures reach back a year."""
    await transaction.execute(
        "INSERT INTO answer_time (at_s, took_ms) VALUES ($1, $2)", now_s, max(0, took_ms)
    )
    await transaction.execute("DELETE FROM answer_time WHERE at_s < $1", now_s - KEPT_TIMES_S)


async def setting(transaction: Transaction, name: str) -> bytes | None:
    """A setting's value."""
    rows = await transaction.fetch("SELECT value FROM setting WHERE name = $1", name)
    return rows[0][0] if rows else None


async def keep_setting(transaction: Transaction, name: str, value: bytes) -> None:
    """Set it."""
    await transaction.execute(
        """INSERT INTO setting (name, value) VALUES ($1, $2)
           ON CONFLICT (name) DO UPDATE SET value = excluded.value""",
        name,
        value,
    )


async def agents(transaction: Transaction) -> frozenset[str]:
    """Every device that is known to have been the agent (URIs)."""
    return frozenset(row[0] for row in await transaction.fetch("SELECT device FROM agent_device"))


async def keep_agents(transaction: Transaction, devices: frozenset[str]) -> None:
    """These have been the agent, too."""
    for device in devices:
        await transaction.execute(
            "INSERT INTO agent_device (device) VALUES ($1) ON CONFLICT (device) DO NOTHING", device
        )
