"""SIGKILL at the worst moments: nothing lost, nothing twice, no key used twice."""

import asyncio
import os
import signal
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from cast import Town, history, settled, texts
from crooked import crooked_before
from plausch.sdk import Client
from plausch.wire import frames as f

DEVICE = Path(__file__).resolve().parents[1] / "dying_device.py"


async def run_device(home: Path, moment: str, *words: str) -> int:
    """Run the device until it is killed or done; its exit code."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(DEVICE),
        str(home),
        moment,
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    async with asyncio.timeout(60):
        _, errors = await process.communicate()
    code = process.returncode
    assert code in (0, -signal.SIGKILL), errors.decode()
    assert code is not None
    return code


@pytest.mark.parametrize("moment", ["saved", "sent", "answered"])
async def test_killed_while_sending(town: Town, moment: str) -> None:
    async with crooked_before(town.url) as wire:
        cem = await town.person("cem")
        await (await town.register("anna", url=wire.url)).close()
        home = town.home("anna")
        assert await run_device(home, moment, "one", "two", "three") == -signal.SIGKILL
        assert await run_device(home, moment, "four") == -signal.SIGKILL
        assert await run_device(home, "never", "five") == 0
        assert await texts(cem, 5) == ["one", "two", "three", "four", "five"]
        async with await Client.open(home) as anna:
            await settled(anna, cem)
            (conversation,) = anna.conversations()
            assert await history(conversation) == ["one", "two", "three", "four", "five"]
        assert await cem.problems() == []
        no_key_twice(wire.appends())


def no_key_twice(appends: list[f.Append]) -> None:
    """What left twice left as the same bytes; every other ciphertext is a new one.

    Two different plaintexts under one generation would show as a message that Cem cannot open
    (its key was used up), so together with his empty list of problems this is the whole proof.
    """
    by_debt: dict[tuple[bytes, int], set[bytes]] = defaultdict(set)
    for append in appends:
        by_debt[append.idempotency_id, append.epoch].add(append.message)
    assert all(len(ciphertexts) == 1 for ciphertexts in by_debt.values())
    everything = [ciphertext for ciphertexts in by_debt.values() for ciphertext in ciphertexts]
    assert len(set(everything)) == len(everything)


async def test_killed_while_receiving(town: Town) -> None:
    cem = await town.person("cem")
    anna = await town.register("anna")
    async with anna:
        conversation = await anna.conversation_with("cem@localhost")
        await (await conversation.send_text("hello")).accepted()
    await texts(cem, 1)
    theirs = await cem.conversation_with("anna@localhost")
    for number in range(5):
        await (await theirs.send_text(f"line {number}")).accepted()

    async def keep_talking() -> None:
        for number in range(5, 10):
            await asyncio.sleep(0.2)
            await (await theirs.send_text(f"line {number}")).accepted()

    code, _ = await asyncio.gather(run_device(town.home("anna"), "received"), keep_talking())
    assert code == -signal.SIGKILL
    anna = await town.back("anna")
    await anna.synchronize()
    (conversation,) = anna.conversations()
    assert (await history(conversation))[1:] == [f"line {number}" for number in range(10)]
    assert await anna.problems() == []
