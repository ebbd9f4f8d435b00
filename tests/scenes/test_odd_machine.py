"""The clock jumps, the disk stands still: the real server stays, and loses nothing."""

import asyncio
from pathlib import Path

import pytest

from load import new_pair
from odd_machine import PROGRAM
from plausch.base.durations import DAY_MS
from plausch.wire import frames as f
from server_process import ServerProcess
from wire_device import Person, WasRefused, WireDevice

PATIENCE_S = 90.0


async def test_the_clock_jumps_a_day_ahead_and_back_again(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, program=PROGRAM) as server:
        pair = await new_pair(server.url)
        one, other = [await WireDevice.open(server.url, person) for person in pair.people]
        ledger, times = pair.ledger, []
        for jump_ms in (0, DAY_MS, 0, -DAY_MS, 0):
            (server.directory / "clock").write_text(str(jump_ms))
            for device in (one, other):
                message = ledger.new_message()
                answer = await device.append(ledger.conversation, ledger.epoch, message)
                ledger.promised[message] = answer.seq
                times.append(answer.accepted_at_ms)
            # Who comes now is let in, old and new; who is connected stays.
            newcomer = Person.new(f"new{len(times)}")
            if jump_ms < 0:  # to this clock, what was signed a moment ago is not valid yet
                with pytest.raises(WasRefused, match=r"bad_certificate.*Check both clocks"):
                    await WireDevice.register(server.url, newcomer)
            else:
                await (await WireDevice.register(server.url, newcomer)).close()
            again = await WireDevice.open(server.url, other.person)
            await other.gone()
            assert other.closing is not None
            assert other.closing.code == "replaced"
            other = again
            await one.resume()
        assert times == sorted(times), "the log's times run backwards"
        assert max(times) - min(times) >= DAY_MS
        assert one.closing is None
        assert await pair.check(server.url) > 10
        await one.close()
        await other.close()
        assert server.log() == ""


async def test_a_disk_that_stands_still_for_a_while(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, program=PROGRAM) as server:
        pair = await new_pair(server.url)
        ledger, stuck = pair.ledger, server.directory / "stuck"
        one, other = [await WireDevice.open(server.url, person) for person in pair.people]
        first = ledger.new_message()
        answer = await one.append(ledger.conversation, ledger.epoch, first)
        ledger.promised[first] = answer.seq
        stuck.touch()
        waiting = {}
        for number in range(100):
            message = ledger.new_message()
            append = f.Append(
                one.session.next_id(),
                ledger.conversation,
                ledger.epoch,
                f.APPLICATION,
                message,
                number.to_bytes(16),
            )
            waiting[message] = one.begin(append)
        # Reading waits for nobody's COMMIT, and nobody hears of what is not on the disk yet.
        for _ in range(20):
            log = await other.read_log(ledger.conversation)
            await other.ask(
                f.Account, f.GetAccount(other.session.next_id(), one.person.address.name)
            )
        assert log[-1].message == first
        assert not any(one.done() for one in waiting.values())
        stuck.unlink()
        async with asyncio.timeout(PATIENCE_S):
            for message, future in waiting.items():
                appended = await future
                assert isinstance(appended, f.Appended)
                ledger.promised[message] = appended.seq
        # It stands still again, and the machine dies: nothing was acknowledged meanwhile.
        stuck.touch()
        late = f.Append(
            one.session.next_id(),
            ledger.conversation,
            ledger.epoch,
            f.APPLICATION,
            ledger.new_message(),
            bytes(16),
        )
        future = one.begin(late)
        await other.read_log(ledger.conversation)
        assert not future.done()
        server.kill()
        stuck.unlink()
        server.start()
        assert await pair.check(server.url) > 100
