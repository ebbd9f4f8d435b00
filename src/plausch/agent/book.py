"""The business's book: one SQLite file with bookings, claims, and what was said to whom.

A message is answered in one transaction: the booking it makes, the state of the talk, and the
replies to send are durable together or not at all (`answer`). Replies are sent after that, and
deleted once the device has them in its own outbox; after a crash in between, run.py looks whether
the device has them already.
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

from plausch.agent import customers, mishaps
from plausch.agent.book_schema import STEPS
from plausch.agent.desk import Desk
from plausch.agent.mishap import Mishap, attempt
from plausch.agent.mishaps import PutAside, put_aside
from plausch.agent.outgoing import encoded
from plausch.agent.phrases import Phrases
from plausch.agent.rows import ENTRIES_BETWEEN, TableBooking, entry_of
from plausch.agent.talk import Reply, Talk
from plausch.agent.timers import Step, Timers, due_steps, is_due, offer_steps
from plausch.agent.waiting import WaitingList
from plausch.base.ids import ConversationId
from plausch.db.file import open_file
from plausch.db.interface import Body, Database, Transaction
from plausch.domain.booking import Booking, By
from plausch.domain.business import Business
from plausch.domain.calendar import instant_s
from plausch.domain.slots import Availability, Unavailable

T = TypeVar("T")

_SAVE_ANSWERED = """INSERT INTO answered (log, last_seq) VALUES ($1, $2)
    ON CONFLICT (log) DO UPDATE SET last_seq = excluded.last_seq"""
_SAVE_REPLY = """INSERT INTO reply (log, seq, place, conversation, content)
    VALUES ($1, $2, $3, $4, $5)"""


LETTERS = ConversationId(b"letters")
"""In place of a log: the replies that answer no message."""

_LAST_LETTER = "SELECT COALESCE(MAX(seq), 0) FROM reply WHERE log = $1"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands: its seq in a log.

    Two people who write to each other at the same moment may get two logs, which a device shows
    as one conversation; so the log is named apart from the conversation.
    """

    log: ConversationId
    seq: int


@dataclass(frozen=True, slots=True)
class WaitingReply:
    """A reply that the device does not have yet: encoded MIMI content for a conversation.

    `answers` is the place of the answered message, `number` counts the replies to it from 0.
    """

    conversation: ConversationId
    answers: Place
    number: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """What comes of a message: the talk after it, the encoded replies, and the status read, which
    is said in the message's own log, if nobody of the team needs to read it."""

    talk: Talk
    replies: Sequence[bytes] = ()
    status: bytes | None = None


Respond = Callable[[Talk, Desk], Coroutine[Any, Any, Response]]
"""What comes of a message after the talk so far. Awaits only the desk."""


class Book:
    """A book in a file. Several processes may use one file at the same time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    async def open(cls, path: Path | str) -> Self:
        """Open or create the book. Raises StorageUnavailable, SchemaRefused."""
        return cls(await open_file(path, STEPS))

    async def close(self) -> None:
        """Finish and let go of the file."""
        await self._database.close()

    async def transact(self, work: Body[T]) -> T:
        """Run a body on the tables themselves, in one transaction; durable on return.

        Raises StorageUnavailable, and whatever the body raises.
        """
        return await self._database.transact(work)

    async def read(self, work: Body[T]) -> T:
        """Run a body that only reads. Raises as `transact`."""
        return await self._database.read(work)

    async def at_desk(
        self, business: Business, now_s: int, body: Callable[[Desk], Coroutine[Any, Any, T]]
    ) -> T:
        """Run a body that awaits only its desk, in one transaction; durable on return.

        Raises StorageUnavailable, and whatever the body raises.
        """

        async def work(transaction: Transaction) -> T:
            desk = Desk(transaction, business, now_s)
            result = await body(desk)
            await _close(desk)
            return result

        return await self._database.transact(work)

    async def tick(self, business: Business, now_s: int) -> bool:
        """Do what is due by the clock: expiry, reminders, retention; whether there was anything.

        Raises StorageUnavailable.
        """

        async def look(transaction: Transaction) -> bool:
            return await is_due(transaction, now_s)

        if not await self._database.read(look):
            return False
        await self.at_desk(business, now_s, lambda desk: Timers(desk).run())
        return True

    async def tick_apart(self, business: Business, now_s: int) -> list[Mishap]:
        """As `tick`, each thing in a transaction of its own; what went wrong.

        Everybody on the waiting list is looked at. A guest's notice that cannot be written is put
        aside, a hold that cannot be ended holds on for a while. Raises StorageUnavailable.
        """

        async def look(transaction: Transaction) -> list[Step]:
            return await due_steps(transaction, now_s)

        found = await self._do_apart(business, now_s, await self._database.read(look))
        offers = await self._database.read(offer_steps)
        return found + await self._do_apart(business, now_s, offers)

    async def _do_apart(
        self, business: Business, now_s: int, steps: Sequence[Step]
    ) -> list[Mishap]:
        found: list[Mishap] = []
        for step in steps:
            outcome = await attempt(self.at_desk(business, now_s, step.work))
            if isinstance(outcome, Mishap):
                found.append(outcome)
                given_up = await attempt(self._database.transact(step.give_up))
                found += [given_up] if isinstance(given_up, Mishap) else []
        return found

    async def available(
        self, business: Business, day: date, party: int, now_s: int, service: str = ""
    ) -> Availability:
        """The free times of an opening day for a party and a service."""

        async def work(transaction: Transaction) -> Availability:
            return await Desk(transaction, business, now_s).available(day, party, service=service)

        return await self._database.read(work)

    async def available_days(
        self,
        business: Business,
        first: date,
        days: int,
        party: int,
        now_s: int,
        service: str = "",
    ) -> list[Availability]:
        """The free times of so many opening days for a party and a service."""

        async def work(transaction: Transaction) -> list[Availability]:
            desk = Desk(transaction, business, now_s)
            return await desk.available_days(first, days, party, service)

        return await self._database.read(work)

    async def hold(
        self,
        business: Business,
        conversation: ConversationId,
        token: bytes,
        starts_at_s: int,
        party: int,
        now_s: int,
        service: str = "",
    ) -> Booking | Unavailable:
        """As `Desk.hold`, in a transaction of its own."""
        return await self.at_desk(
            business,
            now_s,
            lambda desk: desk.hold(conversation, token, starts_at_s, party, service=service),
        )

    async def confirm(
        self, business: Business, booking: Booking, under_name: str, now_s: int
    ) -> Booking:
        """As `Desk.confirm`, in a transaction of its own. Raises BookingRefused."""
        return await self.at_desk(business, now_s, lambda desk: desk.confirm(booking, under_name))

    async def cancel(self, business: Business, booking: Booking, by: By, now_s: int) -> Booking:
        """As `Desk.cancel`, in a transaction of its own. Raises BookingRefused."""
        return await self.at_desk(business, now_s, lambda desk: desk.cancel(booking, by))

    async def bookings_on(self, day: date, zone: str) -> list[TableBooking]:
        """The live bookings that begin on a local date of a time zone, by time and table."""

        async def work(transaction: Transaction) -> list[TableBooking]:
            first_s = instant_s(zone, day, 0)
            end_s = instant_s(zone, day + timedelta(days=1), 0)
            return [
                entry_of(row) for row in await transaction.fetch(ENTRIES_BETWEEN, first_s, end_s)
            ]

        return await self._database.read(work)

    async def answer(
        self,
        business: Business,
        conversation: ConversationId,
        place: Place,
        now_s: int,
        respond: Respond,
    ) -> bool:
        """Answer the message at a place, shown in a conversation, exactly once.

        False, without calling `respond`, if that message or a later one was answered before.
        Raises StorageUnavailable, and whatever `respond` raises: then nothing has changed.
        """

        async def work(transaction: Transaction) -> bool:
            if await _is_answered(transaction, place):
                return False
            desk = Desk(transaction, business, now_s)
            said = await respond(await desk.talk(conversation), desk)
            await desk.save_talk(conversation, said.talk)
            seen = customers.Seen(
                customers.of_conversation(conversation), conversation, language=said.talk.language
            )
            await customers.remember(transaction, seen, now_s)
            await mishaps.answered(transaction, conversation)
            await transaction.execute(_SAVE_ANSWERED, place.log, place.seq)
            replies = [(conversation, content) for content in said.replies]
            if said.status is not None:
                replies.append((place.log, said.status))
            for number, (room, content) in enumerate(replies):
                await transaction.execute(_SAVE_REPLY, place.log, place.seq, number, room, content)
            await _close(desk)
            return True

        return await self._database.transact(work)

    async def put_aside(
        self, business: Business, conversation: ConversationId, place: Place, now_s: int
    ) -> None:
        """The message at a place cannot be answered, for a fault of ours: it counts as answered,
        the guest gets one honest sentence, the team is to be told.

        Nothing if it was answered or put aside before. Raises StorageUnavailable.
        """

        async def work(transaction: Transaction) -> None:
            if await _is_answered(transaction, place):
                return
            await transaction.execute(_SAVE_ANSWERED, place.log, place.seq)
            of = b"%b:%d" % (place.log, place.seq)
            aside = put_aside(conversation, "message", of, now_s)
            desk = Desk(transaction, business, now_s)
            talk = await attempt(desk.talk(conversation))
            language = business.language if isinstance(talk, Mishap) else talk.language
            await mishaps.note(transaction, aside)
            apology = await mishaps.apologize(transaction, conversation, now_s)
            if apology.is_due:
                content = encoded(_apology(business, language or business.language, now_s))
                await transaction.execute(
                    _SAVE_REPLY, place.log, place.seq, 0, conversation, content
                )
            if apology.is_in_row:  # what is remembered may be what it breaks on
                await desk.save_talk(conversation, Talk(language=language))

        await self._database.transact(work)

    async def give_up(self, reply: WaitingReply, now_s: int) -> None:
        """A reply cannot be sent, for a fault of ours; the team is to be told."""
        of = b"%b:%d:%d" % (reply.answers.log, reply.answers.seq, reply.number)
        aside = put_aside(reply.conversation, "reply", of, now_s)

        async def work(transaction: Transaction) -> None:
            await mishaps.note(transaction, aside)
            await _forget_reply(transaction, reply)

        await self._database.transact(work)

    async def untold_mishaps(self) -> list[PutAside]:
        """What was put aside and the team does not know of."""
        return await self._database.read(mishaps.untold)

    async def mishap_told(self, aside: PutAside) -> None:
        """The team knows of it, on disk."""

        async def work(transaction: Transaction) -> None:
            await mishaps.told(transaction, aside)

        await self._database.transact(work)

    async def waiting_replies(self) -> list[WaitingReply]:
        """Every reply that was not handed over yet; within a log in the order of the answers."""

        async def work(transaction: Transaction) -> list[WaitingReply]:
            rows = await transaction.fetch(
                "SELECT conversation, log, seq, place, content FROM reply ORDER BY log, seq, place"
            )
            return [
                WaitingReply(
                    ConversationId(conversation), Place(ConversationId(log), seq), number, content
                )
                for conversation, log, seq, number, content in rows
            ]

        return await self._database.read(work)

    async def handed_over(self, reply: WaitingReply) -> None:
        """The device has the reply in its outbox, on disk; the book forgets it."""

        async def work(transaction: Transaction) -> None:
            await _forget_reply(transaction, reply)

        await self._database.transact(work)


async def _is_answered(transaction: Transaction, place: Place) -> bool:
    known = await transaction.fetch("SELECT last_seq FROM answered WHERE log = $1", place.log)
    return bool(known) and known[0][0] >= place.seq


async def _forget_reply(transaction: Transaction, reply: WaitingReply) -> None:
    await transaction.execute(
        "DELETE FROM reply WHERE log = $1 AND seq = $2 AND place = $3",
        reply.answers.log,
        reply.answers.seq,
        reply.number,
    )


def _apology(business: Business, language: str, now_s: int) -> Reply:
    phrases = Phrases(language, business.calendar.today(now_s), business.kind)
    call = phrases.call(business.telephone)
    return Reply(phrases.say("mishap", call=call), phrases.language)


async def _close(desk: Desk) -> None:
    """The end of every transaction: what became free is offered, letters are written into it."""
    await WaitingList(desk).promote()
    rows = await desk.transaction.fetch(_LAST_LETTER, LETTERS) if desk.letters else []
    for number, letter in enumerate(desk.letters, start=1):
        content = encoded(letter.reply)
        seq = rows[0][0] + number
        await desk.transaction.execute(_SAVE_REPLY, LETTERS, seq, 0, letter.conversation, content)
