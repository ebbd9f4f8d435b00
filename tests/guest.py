"""A guest who talks to the receptionist through the real book, without a network."""

import hashlib
from dataclasses import dataclass, field

from plausch.agent.book import Book, Place, Response
from plausch.agent.desk import Desk
from plausch.agent.house_words import answer_in_house
from plausch.agent.receptionist import Answer, answer
from plausch.agent.talk import Heard, Reply, Talk
from plausch.base.clock import ManualClock
from plausch.base.ids import ConversationId
from plausch.content import mimi
from plausch.content.cards import Card, card_of
from plausch.content.text import readable_text
from plausch.domain.booking import Booking
from plausch.domain.business import Business


@dataclass
class Guest:
    """One conversation with the restaurant. `replies` are those to the last message, and
    `is_settled` whether nobody of the team needs to read it.

    `in_house`: also the house speaks by itself; `dies`: the process, before the answer is written.
    """

    book: Book
    restaurant: Business
    clock: ManualClock
    name: str = "anna"
    seq: int = 0
    talk: Talk = field(default_factory=Talk)
    replies: tuple[Reply, ...] = ()
    notes: tuple[str, ...] = ()
    is_settled: bool = False
    letter_card: Card | None = None
    sent_s_ago: int = 0
    app_language: str = ""
    in_house: bool = False
    dies: bool = False

    @property
    def conversation(self) -> ConversationId:
        return ConversationId(hashlib.sha256(self.name.encode()).digest()[:16])

    @property
    def now_s(self) -> int:
        return self.clock.now_ms() // 1000

    @property
    def card(self) -> Card | None:
        """The last reply's card."""
        return self.replies[-1].card if self.replies else None

    async def says(self, text: str, card: Card | None = None) -> str:
        """Send a message; the replies' text."""
        self.seq += 1
        token = hashlib.sha256(f"{self.name} {self.seq}".encode()).digest()
        heard = Heard(
            self.conversation, token, text, card, self.now_s - self.sent_s_ago, self.app_language
        )
        self.replies, self.notes = (), ()

        async def respond(talk: Talk, desk: Desk) -> Response:
            result = await self.answering(talk, heard, desk)
            self.talk, self.replies, self.notes = result.talk, result.replies, result.notes
            self.is_settled = result.is_settled
            if self.dies:
                raise RuntimeError
            return Response(result.talk)

        place = Place(self.conversation, self.seq)
        await self.book.answer(self.restaurant, self.conversation, place, self.now_s, respond)
        return "\n".join(reply.text for reply in self.replies)

    async def answering(self, talk: Talk, heard: Heard, desk: Desk) -> Answer:
        """What comes of a message."""
        return await (answer_in_house if self.in_house else answer)(talk, heard, desk)

    async def sends(self, card: Card) -> str:
        """Press a button: a card with a sentence that the receptionist must not need."""
        return await self.says("…", card)

    async def letters(self) -> list[str]:
        """What the business wrote to this guest by itself and did not send yet; handed over now."""
        texts = []
        for reply in await self.book.waiting_replies():
            if reply.conversation == self.conversation:
                content = mimi.decode(reply.content)
                texts.append(readable_text(content))
                self.letter_card = card_of(content)
                await self.book.handed_over(reply)
        return texts

    async def bookings(self) -> list[Booking]:
        """The firm bookings of this conversation."""
        return await self.book.at_desk(
            self.restaurant, self.now_s, lambda desk: desk.upcoming(self.conversation)
        )
