"""Cem's scripts and staff ask his agent: by HTTP on its machine, and by the team conversation."""

import asyncio
import json
import signal
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import Raw

from cast import PATIENCE_S, Town, message
from company import did, line_of, process, server
from plausch.content.rpc import Answer, Call, Notice, Rpc, rpc_message
from plausch.sdk import Client, Team
from plausch.sdk.composing import new_salt
from plausch.sdk.team import Listening
from unit.sdk.talks import eventually, second_device

CALL_ID = "0123456789abcdef"


def ask(home: Path, operation: str, *options: str, **params: Any) -> Any:
    """`plausch agent call`, as a script would."""
    return did("agent", "call", operation, json.dumps(params), "--home", home, *options).json


async def heard(listening: Listening, fits: Callable[[Rpc], bool]) -> Rpc:
    """The next thing that was said and fits."""
    async with asyncio.timeout(PATIENCE_S):
        async for said in listening:
            if fits(said.rpc):
                return said.rpc
    raise AssertionError("nothing was said")


def is_change(rpc: Rpc) -> bool:
    return isinstance(rpc, Notice) and rpc.method == "changed"


async def staff_of(url: str, folder: Path, home: Path) -> tuple[Client, Team]:
    """The agent's device, which is not running, lists another one of the account."""
    town = Town(folder)
    town.url = url
    async with await Client.open(home) as agent:
        await agent.synchronize()
        await agent.team()
        other = await second_device(town, agent, "tablet")
        await other.__aenter__()
        await other.synchronize()
        await eventually(lambda: other._device.core.greeted.is_set())
        await agent.synchronize()
        await agent._device.outbox.kick_all()
        await eventually(lambda: bool(other._device.directory.teams()))
    return other, await other.team()


async def test_scripts_staff_and_guests_see_one_book(tmp_path: Path) -> None:
    home = tmp_path / "linde"
    with ExitStack() as stack:
        url = stack.enter_context(server(tmp_path / "server"))
        did("agent", "init", "--home", home, "--server", url, "--name", "linde")
        staff, team = await staff_of(url, tmp_path, home)
        listening = team.said()
        running = ("agent", "run", "--home", home, "--api", "0")
        agent = stack.enter_context(process(*running, log=tmp_path / "agent.log"))
        line_of(agent, "ready ")
        view = ask(home, "business.get")
        assert view["name"] == "Zur Linde"
        first = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
        plan = ask(home, "bookings.plan", **{"from": first, "days": 7})
        day = next(one for one in plan if one["opening"]["spans"])
        free = ask(home, "bookings.available", date=day["opening"]["date"], party=2, service="")
        wish = {"token": "script-0001", "startsAtS": free["slots"][0]["startsAtS"], "party": 2}
        booked = ask(home, "bookings.book", "--key", "key-00001", **wish, underName="Cem")
        assert await heard(listening, is_change)
        await _a_guest_books(url, tmp_path, home, listening)
        await _the_staff_asks(team, listening, booked)
        agent.send_signal(signal.SIGKILL)
        agent.wait()
        again = stack.enter_context(process(*running, log=tmp_path / "agent.log"))
        line_of(again, "ready ")
        repeated = ask(home, "bookings.book", "--key", "key-00001", **wish, underName="Cem")
        assert repeated == booked, "the first answer, after a crash too"
        again.send_signal(signal.SIGTERM)
        assert again.wait(timeout=20) == 143
        await staff.close()


async def _a_guest_books(url: str, folder: Path, home: Path, listening: Listening) -> None:
    async with await Client.register(folder / "anna", url, "anna") as anna:
        talk = await anna.conversation_with("linde@localhost")
        await talk.send_text("Tisch für 2 in 8 Tagen um 19 Uhr, Name: Anna")
        told = await message(anna)
        before = asyncio.get_running_loop().time()
        change = await heard(listening, is_change)
        assert asyncio.get_running_loop().time() - before < 2
        assert isinstance(change, Notice)
        (date, *_) = json.loads(bytes(change.params))["dates"] or [""]
        (day,) = ask(home, "bookings.plan", **{"from": date, "days": 1})
        (booking,) = [one for one in day["bookings"] if one["underName"] == "Anna"]
        assert booking["conversation"] == talk.id.hex()
        assert "Anna" in told.text
        off = ask(home, "bookings.cancel", uid=booking["uid"], sequence=booking["sequence"])
        assert off["state"] == "cancelled"
        assert "absagen" in (await message(anna)).text


async def _the_staff_asks(team: Team, listening: Listening, booked: Any) -> None:
    params = {"uid": booked["uid"], "note": "Fensterplatz"}
    call = Call("2.0", CALL_ID, "bookings.note", Raw(json.dumps(params).encode()))
    await team.say(rpc_message(call, salt=new_salt()))
    answer = await heard(listening, lambda rpc: isinstance(rpc, Answer) and rpc.id == CALL_ID)
    assert isinstance(answer, Answer)
    assert json.loads(bytes(answer.result))["note"] == "Fensterplatz"  # type: ignore[arg-type]
