"""Workers, pages and whole tabs are killed at random moments, again and again.

Three devices in the browser, each with a vault of its own on disk, register, make groups, add and
take out each other, write, edit, react and send files. A member in Python never dies and sees every
ciphertext that leaves. PLAUSCH_BROWSER_KILLS sets how often (100; 500 in `make soak`), PLAUSCH_SEED
what is done; the seed is printed. Afterwards: no key was used twice, nothing that was answered is
lost, nothing is there twice, nothing waits, and everybody is in the same state.
"""

import asyncio
import os
import secrets
from pathlib import Path

import pytest

from browser.checking import check_files, check_histories, check_keys, check_refusals
from browser.killing import NAMES, World, world
from browser.witness import Epochs

KILLS = int(os.environ.get("PLAUSCH_BROWSER_KILLS", "100"))
EARLY_SHARE = 12
"""One kill in so many falls into a device's registration, and as many into its first minute."""


@pytest.fixture
def seed() -> int:
    seed = int(os.environ.get("PLAUSCH_SEED", secrets.randbelow(2**32)))
    print(f"PLAUSCH_SEED={seed}")
    return seed


@pytest.fixture
def epochs(monkeypatch: pytest.MonkeyPatch) -> Epochs:
    epochs = Epochs()
    epochs.watch(monkeypatch)
    return epochs


@pytest.mark.timeout(1200)
async def test_no_kill_reuses_a_key_or_loses_a_message(
    tmp_path: Path, built_page: Path, epochs: Epochs, seed: int
) -> None:
    async with world(tmp_path, built_page, epochs, seed) as here:
        await here.register(max(1, KILLS // EARLY_SHARE // len(NAMES)))
        await here.gather()
        await here.live(KILLS)
        await here.settled()
        await here.farewell()
        check_refusals(here)
        await check_histories(here)
        print(await check_files(here), check_keys(here, epochs), summary(here))


async def test_a_device_that_is_set_back_is_found_out(
    tmp_path: Path, built_page: Path, epochs: Epochs, seed: int
) -> None:
    """The check itself: the keys of an old state are used again."""
    async with world(tmp_path, built_page, epochs, seed) as here:
        await here.register(0)
        await here.gather()
        anna = here.devices[0]
        old = await anna.rows_of("ratchet_state")
        await anna.ask("sendText", conversation=here.everybody, text="first")
        await here.settled()
        check_keys(here, epochs)
        await anna.put_back("ratchet_state", old)
        sent = len(here.tap.appended)
        await anna.ask("sendText", conversation=here.everybody, text="second")
        while len(here.tap.appended) == sent:
            await asyncio.sleep(0.05)
        with pytest.raises(AssertionError, match="used twice"):
            check_keys(here, epochs)


def summary(here: World) -> str:
    """What was done, for the test's output."""
    devices = here.devices
    page_kills = sum(device.page_kills for device in devices)
    crashes = sum(device.crashes for device in devices)
    midst = sum(device.kills_in_the_midst for device in devices)
    answered = [f"{device.name}: {dict(device.answered)}" for device in devices]
    return (
        f"{here.kills} kills ({page_kills} of the page, {crashes} of them crashes; {midst} between "
        f"two answers); {'; '.join(answered)}"
    )
