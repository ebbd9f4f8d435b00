"""The demo's guest: hears what the business says, answers by number or in free words."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Protocol

from plausch.base.errors import OperatorError
from plausch.cli.console import Screen
from plausch.cli.stage.lines import Lines
from plausch.cli.stage.menu import Pick, numbers_itself, picked, picks_of
from plausch.content.cards import BookingCard, Card, Choices, Choose, SlotOffer, card_message
from plausch.domain.booking import BookingState
from plausch.sdk import Client, Conversation, IncomingMessage

SALT_BYTES = 16
SILENCE_S = 30.0
PATIENCE_S = 5.0
QUIET_S = 0.5
MOST_STEPS = 20

Say = Pick | str
"""What a guest says: a numbered choice, or words."""


class Silence(OperatorError):
    """The business did not answer, or the talk went in circles."""

    code = "silence"


class Mind(Protocol):
    """Decides what the guest says."""

    async def next(self, heard: asyncio.Queue[IncomingMessage]) -> Say | None:
        """The next thing to say; None when the guest has had enough."""
        ...


async def say(conversation: Conversation, words: Say, screen: Screen) -> None:
    """Send it, and wait until the server has it."""
    if isinstance(words, str):
        sent = await conversation.send_text(words)
    else:
        content = card_message(
            words.reply, words.label, language=screen.language, salt=os.urandom(SALT_BYTES)
        )
        sent = await conversation.send(content)
    await sent.accepted()


def show(screen: Screen, business: str, message: IncomingMessage) -> list[Pick]:
    """Print what the business said; the choices that the guest now has by number."""
    picks = picks_of(message.card, screen.language)
    screen.line(f"\n{business}:", style="bold cyan")
    screen.prose(message.text)
    if picks and not numbers_itself(message.text):
        for number, pick in enumerate(picks, 1):
            screen.line(f"{number}. {pick.label}")
    return picks


async def visit(client: Client, conversation: Conversation, mind: Mind, screen: Screen) -> None:
    """Talk until the guest has had enough. Raises Silence and what the SDK raises."""
    heard: asyncio.Queue[IncomingMessage] = asyncio.Queue()

    async def listen() -> None:
        async for message in client.messages():
            if message.conversation.id == conversation.id:
                heard.put_nowait(message)

    listening = asyncio.create_task(listen())
    try:
        while (words := await mind.next(heard)) is not None:
            await say(conversation, words, screen)
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


class Person:
    """A person at the terminal; or lines from a file, each read when the one before is answered."""

    def __init__(
        self, screen: Screen, business: str, lines: Lines, *, from_file: bool = False
    ) -> None:
        self._screen = screen
        self._business = business
        self._lines = lines
        self._from_file = from_file
        self._picks: list[Pick] = []
        self._greeted = False

    async def next(self, heard: asyncio.Queue[IncomingMessage]) -> Say | None:
        """What the person types; meanwhile, what comes in is shown."""
        if not self._greeted:
            self._greeted = True
            hello = self._screen.phrase("demo_hello")
            self._prompt(hello + "\n")
            return hello
        if self._from_file:
            await self._hear_out(heard)
        typing = asyncio.create_task(self._lines.next())
        try:
            while True:
                hearing = asyncio.create_task(heard.get())
                await asyncio.wait({typing, hearing}, return_when=asyncio.FIRST_COMPLETED)
                if hearing.done():
                    self._hear(hearing.result())
                hearing.cancel()
                if typing.done():
                    line = typing.result()
                    if self._from_file:
                        self._screen.line(line or "")
                    return (picked(line, self._picks) or line) if line and line.strip() else None
        finally:
            typing.cancel()

    async def _hear_out(self, heard: asyncio.Queue[IncomingMessage]) -> None:
        """What is said to the line before: one message, or several at once; or nothing."""
        with suppress(TimeoutError):
            patience_s = PATIENCE_S
            while True:
                async with asyncio.timeout(patience_s):
                    self._hear(await heard.get())
                patience_s = QUIET_S

    def _hear(self, message: IncomingMessage) -> None:
        self._picks = show(self._screen, self._business, message)
        self._prompt("")

    def _prompt(self, said: str) -> None:
        print(f"\n{self._screen.phrase('you')}> {said}", end="", flush=True)


class Script:
    """A guest without a person: reserves a table for two, by words and by numbers."""

    def __init__(self, screen: Screen, business: str, under_name: str) -> None:
        self._screen = screen
        self._business = business
        self._name = under_name
        self._days_tried = 0
        self._steps = 0

    async def next(self, heard: asyncio.Queue[IncomingMessage]) -> Say | None:
        """The next step towards a confirmed booking. Raises Silence."""
        self._steps += 1
        if self._steps == 1:
            return self._spoken(self._screen.phrase("demo_hello"))
        if self._steps > MOST_STEPS:
            raise Silence(f"No booking after {MOST_STEPS} answers; the agent's log may say why.")
        while True:
            try:
                async with asyncio.timeout(SILENCE_S):
                    message = await heard.get()
            except TimeoutError:
                raise Silence(
                    f"{self._business} did not answer within {SILENCE_S:.0f} s; the agent's log "
                    "may say why."
                ) from None
            show(self._screen, self._business, message)
            card = message.card
            if isinstance(card, BookingCard) and card.state is BookingState.CONFIRMED:
                return None
            words = self._answer(card)
            if words is not None:
                return self._spoken(words)

    def _answer(self, card: Card | None) -> Say | None:
        if isinstance(card, BookingCard) and card.state is BookingState.HELD:
            return self._name
        if isinstance(card, SlotOffer):
            return picks_of(card, self._screen.language)[0]
        if isinstance(card, Choices):
            return next(self._preferred(picks_of(card, self._screen.language)), None)
        return None

    def _preferred(self, picks: list[Pick]) -> Iterator[Pick]:
        """A table; two guests; then one day after the other, beginning with the second."""
        for pick in picks:
            if isinstance(pick.reply, Choose) and pick.reply.identifier in ("book", "party:2"):
                yield pick
        self._days_tried += 1
        yield picks[self._days_tried % len(picks)]

    def _spoken(self, words: Say) -> Say:
        text = words if isinstance(words, str) else words.label
        self._screen.line(f"\n{self._screen.phrase('you')}> {text}", style="bold")
        return words
