"""What an operator may order, and what not."""

import pytest

from delivery_world import World
from plausch.server.administration import MOST_CHARACTERS, Administration, OrderRefused, state_of
from plausch.server.store.overview import AccountRow


@pytest.fixture
def hand(world: World) -> Administration:
    return Administration(world.database, world.clock)


async def test_an_account_that_there_is_not(hand: Administration) -> None:
    for order in (hand.show, hand.suspend, hand.unsuspend, hand.remove, hand.accounts):
        with pytest.raises(OrderRefused, match="no account nobody"):
            await order("nobody")


@pytest.mark.parametrize("words", ["x" * (MOST_CHARACTERS + 1), "a\x1bb", "\u202eabc"])
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


@pytest.mark.parametrize(
    ("since_ms", "is_removed", "state"),
    [(0, False, "open"), (5, False, "suspended"), (5, True, "removed")],
)
def test_an_accounts_state(since_ms: int, is_removed: bool, state: str) -> None:
    row = AccountRow(1, "anna", "person", 1, 1, 1, 0, 0, False, since_ms, is_removed)
    assert state_of(row) == state


async def test_a_refusal_says_in_a_word_why(hand: Administration, world: World) -> None:
    await world.player("cem")
    await hand.remove("cem")
    for order, code in (
        (hand.show("nobody"), "unknown_account"),
        (hand.suspend("cem"), "account_removed"),
        (hand.maintain(words="\0"), "bad_words"),
    ):
        with pytest.raises(OrderRefused, check=lambda error, code=code: error.code == code):
            await order
