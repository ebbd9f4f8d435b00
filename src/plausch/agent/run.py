"""The agent at work: takes messages from the device, has them answered, hands replies back.

What a message brings about happens once. The book knows which messages it has answered, and
keeps the replies until the device has them in its outbox on disk; a process that dies in between
finds at its next start what is left to do, and recognises by its salt a reply that the device has
already.
"""

import asyncio
import logging

from plausch.agent.book import Book, Place, Response, WaitingReply
from plausch.agent.desk import Desk
from plausch.agent.house_words import answer_in_house
from plausch.agent.ledger import keep_answer_time
from plausch.agent.mishap import Mishap, attempt
from plausch.agent.mishaps import label, sentence
from plausch.agent.outgoing import encoded, read_status
from plausch.agent.receptionist import answer
from plausch.agent.stepping_back import People, answer_beside
from plausch.agent.talk import Heard, Talk
from plausch.agent.team_facts import Colleagues, Errand
from plausch.agent.unmarking import unmark_for_ever
from plausch.base.clock import Clock
from plausch.content import mimi
from plausch.content.text import language_of
from plausch.domain.business import Business
from plausch.sdk import (
    Client,
    Conversation,
    IncomingMessage,
    Kind,
    SdkError,
    TrustRefused,
    UnknownConversation,
)

_LOG = logging.getLogger("plausch.agent")

TICK_S = 2.0
"""How often the clock is looked at: holds, offers, reminders."""

PAUSE_S = 60
"""When what is due by the clock cannot be done, it is tried again after so long."""

_LOOK_BACK = 200
"""How many of a conversation's last messages are searched for a reply sent before a crash."""


class Agent:
    """A business's device at work.

    `client` is the business's own device, inside its `async with`; `book` belongs to this
    business alone. `business` may be replaced by another value of the same business at any time.
    What `colleagues` have in hand is left to them; they are asked to do what the agent cannot.
    """

    def __init__(
        self,
        client: Client,
        business: Business,
        book: Book,
        clock: Clock,
        colleagues: Colleagues,
        tick_s: float = TICK_S,
    ) -> None:
        self.business = business
        self._client = client
        self._book = book
        self._clock = clock
        self._tick_s = tick_s
        self._colleagues = colleagues
        self._ticks_apart = True  # the one before may have died between an end and its offer
        self._ticks_again_s = 0
        self._asks_again_s: dict[bytes, int] = {}
        self._sending = asyncio.Lock()

    async def run(self) -> None:
        """Answer messages until cancelled.

        Raises StorageUnavailable when the book cannot be written: then nothing was answered that
        is not in it.
        """
        for reply in await self._book.waiting_replies():
            await self._hand_over(reply, is_doubtful=True)
        ticking = asyncio.ensure_future(self._tick_for_ever())
        listening = asyncio.ensure_future(self._listen())
        unmarking = asyncio.ensure_future(
            unmark_for_ever(self._client, self._colleagues, lambda: self.business)
        )
        tasks = (ticking, listening, unmarking)
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def deliver(self) -> None:
        """Hand to the device what the book wants to say; after every change of the book."""
        async with self._sending:
            for reply in await self._book.waiting_replies():
                await self._hand_over(reply)
            for aside in await self._book.untold_mishaps():
                text, mark = sentence(aside, self.business), label(self.business, aside.what)
                room, name, at_s = aside.conversation, aside.identifier, aside.at_s
                if await self._ask(Errand(room, name, text, mark, at_s, aside.is_again)):
                    await self._book.mishap_told(aside)

    async def _listen(self) -> None:
        async for message in self._client.messages():
            outcome = await attempt(self._take(message))
            if isinstance(outcome, Mishap):
                await self._put_aside(message, outcome)

    async def _take(self, message: IncomingMessage) -> None:
        if self._concerns_us(message):
            await self._answer(message)

    async def _put_aside(self, message: IncomingMessage, mishap: Mishap) -> None:
        """The agent broke on a message: it goes on behind it, and people are asked to answer."""
        _LOG.error(
            "message %d of conversation %s was put aside: %s",
            message.seq,
            message.stored.conversation_id.hex(),
            mishap,
        )
        place = Place(message.stored.conversation_id, message.seq)
        room = message.conversation.id
        await self._book.put_aside(self.business, room, place, self._now_s())
        await self.deliver()

    async def _ask(self, errand: Errand) -> bool:
        """Of colleagues; whether they were told. If not, they are asked again after a pause, and
        nothing else waits for that."""
        if self._now_s() < self._asks_again_s.get(errand.identifier, 0):
            return False
        outcome = await attempt(self._colleagues.ask(errand))
        if isinstance(outcome, Mishap):
            _LOG.error("conversation %s: nobody was told: %s", errand.conversation.hex(), outcome)
            self._asks_again_s[errand.identifier] = self._now_s() + PAUSE_S
            return False
        self._asks_again_s.pop(errand.identifier, None)
        return True

    async def _tick_for_ever(self) -> None:
        while True:
            await self._tick()
            await self.deliver()  # also what others have written into the book
            await asyncio.sleep(self._tick_s)

    async def _tick(self) -> None:
        """What is due by the clock; if that breaks, each thing apart, and so again after a pause
        as long as something does. So is the first time."""
        now_s = self._now_s()
        if now_s < self._ticks_again_s:
            return
        found: list[Mishap] = []
        if not self._ticks_apart:
            outcome = await attempt(self._book.tick(self.business, now_s))
            if not isinstance(outcome, Mishap):
                return
            found.append(outcome)
        outcomes = await attempt(self._book.tick_apart(self.business, now_s))
        found = ([outcomes] if isinstance(outcomes, Mishap) else outcomes) or found
        for mishap in found:
            _LOG.error("something due by the clock was not done: %s", mishap)
        self._ticks_apart = bool(found)
        self._ticks_again_s = now_s + PAUSE_S if found else 0

    def _now_s(self) -> int:
        return self._clock.now_ms() // 1000

    def _concerns_us(self, message: IncomingMessage) -> bool:
        """Words and cards of others; in a group only cards, because people talk to each other."""
        if message.sender == self._client.address:
            return False
        if message.conversation.kind == "group":
            return message.card is not None
        return message.kind in (Kind.TEXT, Kind.CARD)

    async def _people_in(self, message: IncomingMessage) -> People:
        """Who of the staff is in a conversation with a guest; groups are theirs anyway."""
        if message.conversation.kind == "group":
            return People()
        rooms = {message.conversation.id, message.stored.conversation_id}
        has_taken = await self._colleagues.is_taken(rooms, self._now_s())
        machines = self._colleagues.former_agents()
        spoke_at_ms = await message.conversation.siblings_spoke_at_ms(besides=machines)
        return People(has_taken, spoke_at_ms // 1000)

    async def _answer(self, message: IncomingMessage) -> None:
        heard = Heard(
            message.conversation.id,
            message.message_id,
            message.text,
            message.card,
            message.sent_at_ms // 1000,
            language_of(message.stored.content) if message.stored.content else "",
        )
        notes: list[str] = []
        people = await self._people_in(message)
        otherwise = answer if message.conversation.kind == "group" else answer_in_house

        async def respond(talk: Talk, desk: Desk) -> Response:
            answered = await answer_beside(people, otherwise, talk, heard, desk)
            notes[:] = answered.notes
            if answered.replies:
                took_ms = self._clock.now_ms() - message.sent_at_ms
                await keep_answer_time(desk.transaction, desk.now_s, took_ms)
            said = [encoded(reply) for reply in answered.replies]
            is_read = read_status(message.message_id) if answered.is_settled else None
            return Response(answered.talk, said, is_read)

        place = Place(message.stored.conversation_id, message.seq)
        await self._book.answer(self.business, heard.conversation, place, self._now_s(), respond)
        for note in notes:
            _LOG.info("booking %s", note)
        await self.deliver()

    async def _hand_over(self, reply: WaitingReply, *, is_doubtful: bool = False) -> None:
        """To the device; `is_doubtful`: it may have it already."""
        outcome = await attempt(self._send_once(reply, is_doubtful))
        if isinstance(outcome, Mishap):
            _LOG.error(
                "a reply in conversation %s was given up: %s", reply.conversation.hex(), outcome
            )
            await self._book.give_up(reply, self._now_s())
        else:
            await self._book.handed_over(reply)

    async def _send_once(self, reply: WaitingReply, is_doubtful: bool) -> None:
        if not (is_doubtful and await self._has_been_sent(reply)):
            await self._send(reply)

    async def _send(self, reply: WaitingReply) -> None:
        """Into the device's outbox; given up if this conversation can take nothing any more."""
        try:
            conversation = self._client.conversation(reply.conversation)
            await conversation.send(mimi.decode(reply.content))
        except (SdkError, TrustRefused) as error:
            _LOG.warning(
                "a reply in conversation %s was given up (%s)", reply.conversation.hex(), error.code
            )

    async def _has_been_sent(self, reply: WaitingReply) -> bool:
        try:
            conversation: Conversation = self._client.conversation(reply.conversation)
        except UnknownConversation:
            return True
        salt = mimi.decode(reply.content).salt
        return any(
            stored.outgoing and stored.content is not None and stored.content.salt == salt
            for stored in await conversation.history(_LOOK_BACK)
        )
