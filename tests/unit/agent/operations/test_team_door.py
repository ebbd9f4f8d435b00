"""The team door with real devices at a real server: asked, answered once, told of changes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET, Raw, UnsetType

from cast import PATIENCE_S, Town
from linde import restaurant
from plausch.agent import ledger
from plausch.agent.book import Book
from plausch.agent.ledger import Change
from plausch.agent.operations import team_door
from plausch.agent.operations.doors import Doors
from plausch.agent.operations.executor import Executor, Outcome
from plausch.agent.operations.lease import LEASE_S, AnotherAgent, Lease, claim_notice
from plausch.agent.operations.premises import Premises
from plausch.agent.operations.registry import OPERATIONS
from plausch.agent.operations.team_door import TeamDoor, coalesced
from plausch.agent.operations.views import Changed
from plausch.base.clock import ManualClock, SystemClock
from plausch.base.ids import ConversationId
from plausch.content.mimi import MimiContent
from plausch.content.rpc import Answer, Call, Notice, Rpc, piece_of, rpc_message
from plausch.sdk import Client, NotOwner, Team, Unreachable
from plausch.sdk.composing import new_salt
from plausch.sdk.team import Listening
from unit.agent.operations.office import AT_SEVEN_S, wish
from unit.sdk.linking_players import Linking
from unit.sdk.talks import core_of, eventually, second_device


class House:
    """A business with an agent's device, a staff's device, and the door between them."""

    def __init__(self, agent: Client, staff: Client, door: TeamDoor, team: Team) -> None:
        self.agent = agent
        self.staff = staff
        self.door = door
        self.team = team
        self.heard: Listening = team.said()
        self.task: asyncio.Task[None] | None = None

    def open(self) -> None:
        self.task = asyncio.create_task(self.door.run())

    async def close(self) -> None:
        if self.task is not None:
            self.task.cancel()
            with suppress(asyncio.CancelledError):
                await self.task

    async def say(self, rpc: Rpc) -> None:
        await (await self.team.say(rpc_message(rpc, salt=new_salt()))).accepted()

    async def hears(self) -> Rpc:
        async with asyncio.timeout(PATIENCE_S):
            return (await anext(self.heard)).rpc

    async def answer(self, call_id: str) -> Answer:
        while True:
            rpc = await self.hears()
            if isinstance(rpc, Answer) and rpc.id == call_id:
                return rpc

    async def notice(self, method: str) -> Any:
        while True:
            rpc = await self.hears()
            if isinstance(rpc, Notice) and rpc.method == method:
                return json.loads(bytes(rpc.params))


def call(call_id: str, operation: str, **params: Any) -> Call:
    return Call("2.0", call_id, operation, Raw(json.dumps(params).encode()))


def door_of(client: Client, team: Team, book: Book, premises: Premises, clock: Any) -> TeamDoor:
    executor = Executor(OPERATIONS, book, premises, clock)
    return TeamDoor(client, team, executor, book, premises, clock)


@pytest.fixture
async def house(town: Town, book: Book, clock: ManualClock) -> AsyncIterator[House]:
    clock.advance(SystemClock().now_ms() - clock.now_ms())  # envelopes bear the machine's time
    agent = await town.person("linde", kind="business")
    staff = await town.connect(await second_device(town, agent, "staff"))
    await core_of(staff).greeted.wait()
    team = await agent.team()
    await eventually(lambda: bool(staff._device.directory.teams()) and len(team.members) == 2)
    premises = await Premises.of(book, restaurant(), b"file")
    door = door_of(agent, team, book, premises, clock)
    opened = House(agent, staff, door, await staff.team())
    yield opened
    await opened.close()


async def test_a_call_is_answered_once_and_tells_of_the_change(house: House) -> None:
    await house.door.claim()
    assert (await house.notice("lease"))["device"] == house.agent.device.uri
    house.open()
    status = call("call-0000", "agent.status")
    await house.say(status)
    answer = await house.answer("call-0000")
    assert json.loads(bytes(answer.result))["bookings"] == 0  # type: ignore[arg-type]


async def test_a_call_that_comes_twice_is_done_once(house: House) -> None:
    house.open()
    for token in ("token-0001", "token-0002"):
        starts = {"startsAtS": AT_SEVEN_S + 7 * 86_400 * 40}
        await house.say(call("call-0001", "bookings.book", **wish(token=token, **starts)))
    first, second = await house.answer("call-0001"), await house.answer("call-0001")
    assert first == second


async def test_a_refusal_comes_as_an_error_with_its_code(house: House) -> None:
    house.open()
    await house.say(call("call-0001", "bookings.explode"))
    await house.say(call("call-0002", "bookings.cancel", uid="b-1", sequence=0))
    await house.say(call("call-0003", "bookings.cancel", uid=1))
    errors = [(await house.answer(f"call-000{n}")).error for n in (1, 2, 3)]
    told = [(one.code, one.details["code"]) for one in errors]  # type: ignore[union-attr]
    assert told == [(-32601, "unknown_operation"), (-32000, "unknown"), (-32602, "bad_params")]


async def test_every_device_is_told_what_changes_from_whatever_side(
    house: House, book: Book, clock: ManualClock
) -> None:
    house.open()
    await asyncio.sleep(team_door.LOOK_S)
    now_s = clock.now_ms() // 1000
    free = None
    for days in range(1, 8):
        day = restaurant().calendar.today(now_s + days * 86_400)
        free = free or next(iter((await book.available(restaurant(), day, 2, now_s)).slots), None)
    assert free is not None
    guest = ConversationId(bytes(range(16)))
    await book.hold(restaurant(), guest, b"t", free.starts_at_s, 2, now_s)
    changed = await house.notice("changed")
    local = restaurant().calendar.today(free.starts_at_s)
    assert changed == {"what": "bookings", "dates": [local.isoformat()]}


async def test_what_came_while_the_agent_was_away_is_stale_and_not_done(
    house: House, clock: ManualClock
) -> None:
    await house.say(call("call-0001", "bookings.book", **wish()))
    await eventually(lambda: house.team._live.kept.cursor > 0)
    clock.advance((team_door.STALE_AFTER_S + 30) * 1000)
    house.open()
    error = (await house.answer("call-0001")).error
    assert error.details == {"code": "stale"}  # type: ignore[union-attr]


async def test_a_long_answer_comes_in_pieces(house: House) -> None:
    house.open()
    weekly: list[Any] = [[{"opensMinute": 0, "closesMinute": 1_440}]] * 7
    special = [
        {"date": f"2027-{month:02}-{day:02}", "spans": [], "note": "x" * 80}
        for month in range(1, 13)
        for day in range(1, 29)
    ]
    hours = {"weekly": weekly, "specialDays": special, "holidays": None}
    await house.say(call("call-0001", "business.setHours", hours=hours))
    texts: list[str] = []
    count = 2
    while len(texts) < count:
        rpc = await house.hears()
        piece = piece_of(rpc) if isinstance(rpc, Notice) else None
        if piece is not None:
            count = piece.of
            texts.append(piece.text)
    whole = json.loads("".join(texts))
    assert whole["id"] == "call-0001"
    assert len(whole["result"]["hours"]["specialDays"]) == len(special)


async def test_of_two_agents_one_refuses_to_run(
    house: House, tmp_path: Path, clock: ManualClock
) -> None:
    await house.door.claim()
    house.open()
    other_book = await Book.open(tmp_path / "other.db")
    premises = await Premises.of(other_book, restaurant(), b"file")
    second = door_of(house.staff, house.team, other_book, premises, clock)
    await eventually(lambda: house.team._live.kept.cursor >= 2)
    with pytest.raises(AnotherAgent, match="stop that one first"):
        await second.claim()
    await house.close()
    await house.door.retire()
    await asyncio.sleep(0.2)
    await second.claim()
    with pytest.raises(AnotherAgent):
        await house.door.claim()
    both = {house.agent.device.uri, house.staff.device.uri}
    assert house.door.agents() == second.agents() == both
    assert await other_book.read(ledger.agents) == both, "also after the next start"
    await other_book.close()


async def test_a_device_of_staff_is_no_agent_and_takes_nobodys_place(
    house: House, town: Town, tmp_path: Path, clock: ManualClock
) -> None:
    waiter = await town.connect(
        await Linking(town, house.agent, is_staff=True, home="waiter").by_the_new_ones_code()
    )
    book = await Book.open(tmp_path / "other.db")
    with pytest.raises(NotOwner):
        async with Doors(waiter, restaurant(), b"file", book, clock).open(tmp_path, None):
            pass
    now_s = clock.now_ms() // 1000
    stolen = claim_notice(Lease(waiter.device.uri).claim(now_s + 10 * LEASE_S))
    team = await waiter.team()
    await (await team.say(rpc_message(stolen, salt=new_salt()))).accepted()
    await house.agent.synchronize()
    await house.door.claim()
    await book.close()


async def test_a_connection_lost_while_the_lease_is_renewed_does_not_end_the_agent(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[Exception] = [Unreachable("Gone."), TimeoutError()]
    renewed = asyncio.Event()

    async def claim() -> None:
        if failures:
            raise failures.pop()
        renewed.set()

    monkeypatch.setattr(team_door, "RENEW_S", 0)
    monkeypatch.setattr(house.door, "claim", claim)
    renewing = asyncio.create_task(house.door._renew())
    async with asyncio.timeout(PATIENCE_S):
        await renewed.wait()
    renewing.cancel()


async def test_agents_that_start_at_once_agree(
    house: House, tmp_path: Path, clock: ManualClock
) -> None:
    other_book = await Book.open(tmp_path / "other.db")
    premises = await Premises.of(other_book, restaurant(), b"file")
    second = door_of(house.staff, house.team, other_book, premises, clock)
    ends = await asyncio.gather(house.door.claim(), second.claim(), return_exceptions=True)
    assert sorted(type(end) for end in ends if end is not None) == [AnotherAgent]
    await other_book.close()


def test_changes_become_one_notice_for_each_kind() -> None:
    changes = [
        Change(1, "bookings", 86_400),
        Change(2, "bookings", 86_401),
        Change(3, "bookings", 3 * 86_400),
        Change(4, "business", 0),
    ]
    told = coalesced(changes, lambda at_s: date.fromordinal(719_163 + at_s // 86_400))
    assert told == [
        Changed("bookings", ("1970-01-02", "1970-01-04")),
        Changed("business", ()),
    ]
    many = [Change(n, "bookings", n * 86_400) for n in range(1, 100)]
    told = coalesced(many, lambda at_s: date.fromordinal(719_163 + at_s // 86_400))
    assert told == [Changed("bookings", ())]


async def test_a_call_that_breaks_the_answering_itself_is_refused_and_stops_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    whole = team_door._messages

    def breaks(call_id: str, outcome: Outcome) -> list[MimiContent]:
        if call_id == "call-0000" or (call_id == "call-0001" and outcome.refusal is UNSET):
            raise KeyError("Anna")
        return whole(call_id, outcome)

    monkeypatch.setattr(team_door, "_messages", breaks)
    house.open()
    for call_id in ("call-0000", "call-0001", "call-0002"):
        await house.say(call(call_id, "agent.status"))
    refused = await house.answer("call-0001")
    assert not isinstance(refused.error, UnsetType)
    assert refused.error.details["code"] == "mishap"
    await house.answer("call-0002")
    assert "nor could it be refused: KeyError at" in caplog.text
    assert "was not answered: KeyError at test_team_door.py:" in caplog.text
    assert "Anna" not in caplog.text
