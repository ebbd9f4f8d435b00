"""Cem's agent is killed in the middle of answering; Anna notices nothing but a pause."""

import random
import signal
from pathlib import Path

import pytest

from cast import message
from company import did, line_of, process, server
from ledger import audit
from plausch.agent.config import load_business
from plausch.content.cards import BookingCard
from plausch.domain.booking import BookingState
from plausch.sdk import Client


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_killed_while_guests_write(tmp_path: Path, seed: int) -> None:
    """Whatever the moment, each message has exactly one answer, and the book agrees with them."""
    dice = random.Random(seed)
    home = tmp_path / "linde"
    with server(tmp_path / "server") as url:
        did("agent", "init", "--home", home, "--server", url, "--name", "linde")
        async with await Client.register(tmp_path / "anna", url, "anna") as anna:
            conversation = await anna.conversation_with("linde@localhost")
            days = [f"in {number} Tagen" for number in range(8, 16)]
            for day in days:
                await conversation.send_text(f"Tisch für 2 {day} um 19 Uhr, Name: Anna")
            await (await conversation.send_text("danke")).accepted()
            for _ in range(3):
                with process("agent", "run", "--home", home, log=tmp_path / "agent.log") as agent:
                    line_of(agent, "ready ")
                    for _ in range(dice.randint(0, 2)):
                        await message(anna)
                    agent.send_signal(signal.SIGKILL)
                    agent.wait()
            with process("agent", "run", "--home", home, log=tmp_path / "agent.log") as agent:
                line_of(agent, "ready ")
                said = [one for one in await conversation.history(200) if not one.outgoing]
                while not said or "Sehr gern" not in said[-1].text:
                    await message(anna)
                    said = [one for one in await conversation.history(200) if not one.outgoing]
        assert len(said) == len(days) + 1
        firm = [
            one.card.uid
            for one in said
            if isinstance(one.card, BookingCard) and one.card.state is BookingState.CONFIRMED
        ]
        assert len(firm) == len(set(firm))
        restaurant = load_business(home / "business.toml")
        kept = audit(home / "book.db", restaurant)
        assert kept >= 1
        # Beside what is firm at most the last wish is held: nobody has said yes to it.
        assert kept - len(firm) in (0, 1)
