"""A disk that is full or read-only: an error, never a false acknowledgement."""

import asyncio
import os
import resource
import secrets
from pathlib import Path

import pytest

from load import Pair, new_pair
from plausch.wire import frames as f
from server_process import OPEN_LIMITS, ServerProcess
from wire_device import Person, WasRefused, WireDevice

FILE_BYTES = 3 * 1024 * 1024
MESSAGES = 2_000


def small_disk() -> None:
    """No file may grow beyond this: to the process, the disk is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))


async def fill(pair: Pair, url: str) -> WasRefused:
    """Write until the server refuses; its refusal."""
    device = await WireDevice.open(url, pair.people[0])
    ledger = pair.ledger
    try:
        for _ in range(MESSAGES):
            message = ledger.sample.ljust(4000, b"\0") + secrets.token_bytes(16)
            answer = await device.append(ledger.conversation, ledger.epoch, message)
            ledger.promised[message] = answer.seq
    except WasRefused as refusal:
        return refusal
    finally:
        await device.close()
    raise AssertionError("the disk never filled")


async def test_a_full_disk_refuses_and_loses_nothing(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, before_start=small_disk).start()
    pair = await new_pair(server.url)
    refusal = await fill(pair, server.url)
    assert refusal.frame.code == "storage_unavailable"
    assert refusal.frame.fault == "operator"
    assert refusal.frame.retry_after_ms > 0
    assert str(tmp_path) not in refusal.frame.sentence
    with pytest.raises(WasRefused, match="storage_unavailable"):
        await WireDevice.register(server.url, Person.new("late"))
    server.kill()
    roomy = ServerProcess(tmp_path).start()
    assert await pair.check(roomy.url) >= len(pair.ledger.promised)
    device = await WireDevice.open(roomy.url, pair.people[0])
    message = pair.ledger.new_message()
    await device.append(pair.ledger.conversation, pair.ledger.epoch, message)
    await device.close()
    assert roomy.stop() == 0
    assert "Traceback" not in roomy.log()


def bound_by_permissions() -> tuple[str, ...]:
    """Permission bits do not bind root: then run without the capability that frees it of them."""
    if os.geteuid() != 0:
        return ()
    return ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


async def test_a_read_only_directory_is_a_sentence(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, config=OPEN_LIMITS)
    server.directory.mkdir()
    server.directory.chmod(0o555)
    read_only = ServerProcess(tmp_path, prefix=bound_by_permissions())
    with pytest.raises(RuntimeError, match="did not take the work"):
        read_only.start()
    assert read_only.exit_code == 1
    assert "Traceback" not in read_only.log()
    server.directory.chmod(0o755)


async def test_a_database_that_became_read_only(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        pair = await new_pair(server.url)
    files = [one for one in server.directory.iterdir() if one.is_file()]
    for file in files:
        file.chmod(0o444)
    server.directory.chmod(0o555)
    read_only = ServerProcess(tmp_path, prefix=bound_by_permissions())
    with pytest.raises(RuntimeError, match="did not take the work"):
        read_only.start()
    assert "Traceback" not in read_only.log()
    server.directory.chmod(0o755)
    for file in files:
        file.chmod(0o600)
    with ServerProcess(tmp_path) as again:
        await asyncio.wait_for(pair.check(again.url), 20)
        device = await WireDevice.open(again.url, pair.people[1])
        assert isinstance(device.session.hello, f.Hello)
        await device.close()
