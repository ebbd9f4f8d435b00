"""What an operator may order, and what not."""

import pytest

from delivery_world import World
from plausch.server.administration import WORDS, Administration, OrderRefused


@pytest.fixture
def hand(world: World) -> Administration:
    return Administration(world.database, world.clock)


async def test_an_account_that_there_is_not(hand: Administration) -> None:
    for order in (hand.show, hand.suspend, hand.unsuspend, hand.remove, hand.accounts):
        with pytest.raises(OrderRefused, match="no account nobody"):
            await order("nobody")


@pytest.mark.parametrize("words", ["x" * (WORDS + 1), "a\x1bb", "\u202eabc"])
async def test_words_that_people_cannot_be_told(hand: Administration, words: str) -> None:
    with pytest.raises(OrderRefused, match="characters"):
        await hand.maintain(words=words)
    assert (await hand.maintenance()).since_ms == 0


async def test_words_are_one_line(hand: Administration) -> None:
    row = await hand.maintain(words="  Wir ziehen\n um.\t ")
    assert row.words == "Wir ziehen um."


async def test_an_end_that_has_passed(hand: Administration, world: World) -> None:
    now_ms = world.clock.now_ms()
    with pytest.raises(OrderRefused, match="passed"):
        await hand.maintain(until_ms=now_ms)
    row = await hand.maintain(until_ms=now_ms + 1)
    assert (row.since_ms, row.until_ms) == (now_ms, now_ms + 1)
    world.clock.advance(5)
    assert (await hand.maintain()).since_ms == now_ms, "it goes on"
    assert (await hand.resume()).since_ms == 0
