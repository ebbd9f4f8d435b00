"""Workers and whole pages are killed at random moments, again and again.

Two devices in two vaults of one browser write to each other and to a member in Python, which never
dies and sees every ciphertext. PLAUSCH_BROWSER_KILLS sets how often (500), PLAUSCH_SEED the
moments; the seed is printed. Afterwards every promise is compared with what was seen to leave:
no key was used twice or left out, nothing that was decrypted is lost or there twice, and whatever
left a worker is in its vault.
"""

import os
import random
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from browser.killing import GROUP, World
from browser.stage import persistent
from browser.witness import key_use

KILLS = int(os.environ.get("PLAUSCH_BROWSER_KILLS", "500"))
JOIN_KILLS = max(2, KILLS // 10)


@pytest.fixture
def dice() -> random.Random:
    seed = int(os.environ.get("PLAUSCH_SEED", secrets.randbelow(2**32)))
    print(f"PLAUSCH_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def disk(browser: Browser, tmp_path: Path) -> Iterator[BrowserContext]:
    """A browser whose storage is on disk, not in memory as a fresh context's is."""
    with persistent(browser, tmp_path / "profile") as context:
        yield context


@pytest.mark.timeout(900)
def test_no_kill_reuses_a_key_or_loses_a_message(
    disk: BrowserContext, site: str, dice: random.Random
) -> None:
    world = World(disk, site, dice)
    world.begin()
    while world.kills < KILLS - JOIN_KILLS:
        world.round()
    world.finish()
    world.check()
    print(world.summary())
    assert world.page_kills >= world.kills // 20
    assert world.kills_in_the_midst >= world.kills // 4


@pytest.mark.timeout(600)
def test_no_kill_leaves_a_join_half_done(
    disk: BrowserContext, site: str, dice: random.Random
) -> None:
    world = World(disk, site, dice)
    world.begin()
    while world.kills < JOIN_KILLS:
        world.join_round()
    print(world.summary())


def test_the_witness_sees_a_key_that_is_used_twice(
    disk: BrowserContext, site: str, dice: random.Random
) -> None:
    """The check itself: a device that is set back to an old state is found out."""
    world = World(disk, site, dice)
    world.begin()
    old = world.rows("anna", "ratchet_state")
    first = world.say("anna", b"first")
    world.put_back("anna", "ratchet_state", old)
    second = world.say("anna", b"second")
    state = world.seat.group.state
    assert first != second
    assert key_use(state, first) == key_use(state, second)
    world.seat.take(first)
    with pytest.raises(AssertionError, match="used twice"):
        world.seat.take(second)
    assert world.seat.group.group_id == GROUP
