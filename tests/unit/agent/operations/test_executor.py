"""Calls are done once; refusals change nothing; params are checked before anything is done."""

import asyncio
import json

import msgspec
import pytest

from linde import TUESDAY
from plausch.agent.book import Book
from plausch.agent.ledger import CallName
from plausch.agent.operations.executor import MAX_PARAMS_BYTES, Executor, Operation, Scene
from plausch.agent.operations.params import Empty
from plausch.agent.operations.refusal import Refusal
from plausch.agent.operations.views import Nothing
from plausch.base.clock import ManualClock
from plausch.db.interface import StorageUnavailable
from unit.agent.operations.office import DEVICE, Office, wish

CALL = "0123456789abcdef"


async def count(office: Office) -> int:
    bookings = (await office.ask("agent.status"))["bookings"]
    assert isinstance(bookings, int)
    return bookings


async def test_a_call_that_comes_again_gets_its_first_answer(office: Office) -> None:
    first = await office.outcome("bookings.book", CALL, **wish())
    again = await office.outcome("bookings.book", CALL, **wish(token="token-0002"))
    assert again == first
    assert await count(office) == 1


async def test_the_same_id_of_another_device_is_another_call(office: Office) -> None:
    await office.outcome("bookings.book", CALL, **wish())
    other = CallName(DEVICE.replace("0123", "9999"), CALL)
    params = json.dumps(wish(token="token-0002")).encode()
    outcome = await office.executor.execute("bookings.book", params, other)
    assert outcome.refusal is msgspec.UNSET
    assert await count(office) == 2


async def test_a_refusal_is_an_answer_too(office: Office) -> None:
    refused = await office.refused("bookings.book", CALL, **wish(party=999))
    assert refused[0] == "pacing"
    again = await office.refused("bookings.book", CALL, **wish(party=2))
    assert again == refused, "the first answer, though it could be done now"


async def test_what_comes_at_once_is_done_once(office: Office) -> None:
    outcomes = await asyncio.gather(
        *(office.outcome("bookings.book", CALL, **wish(token=f"token-{n:04}")) for n in range(16))
    )
    assert len({msgspec.json.encode(one) for one in outcomes}) == 1
    assert await count(office) == 1


async def test_an_answer_survives_a_new_start(office: Office, book: Book) -> None:
    first = await office.outcome("bookings.book", CALL, **wish())
    reborn = await Office.of(book, office.clock)
    assert await reborn.outcome("bookings.book", CALL, **wish(token="token-0002")) == first


async def test_what_reads_is_read_anew(office: Office) -> None:
    before = await office.ask("agent.status", CALL)
    await office.ask("bookings.book", **wish())
    after = await office.ask("agent.status", CALL)
    assert (before["bookings"], after["bookings"]) == (0, 1)


async def test_a_stale_call_is_refused_for_good(office: Office) -> None:
    stale = Refusal("stale", "It came too late.")
    assert (await office.executor.refuse(CallName(DEVICE, CALL), stale)).refusal == stale
    assert (await office.outcome("bookings.book", CALL, **wish())).refusal == stale
    first = await office.outcome("bookings.book", "abcdefgh", **wish())
    assert await office.executor.refuse(CallName(DEVICE, "abcdefgh"), stale) == first


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff",
        b'{"x":1}',
        b"[" * 100_000,
        b'{"a":' * 20_000,
        b" " * (MAX_PARAMS_BYTES + 1),
    ],
)
async def test_params_that_are_none_are_refused(office: Office, raw: bytes) -> None:
    outcome = await office.executor.execute("agent.status", raw)
    assert isinstance(outcome.refusal, Refusal)
    assert outcome.refusal.code == "bad_params"


async def test_an_operation_that_there_is_not_is_refused(office: Office) -> None:
    assert (await office.refused("bookings.erase"))[0] == "unknown_operation"
    assert (await office.refused("x" * 10_000))[0] == "unknown_operation"


async def test_staff_sets_nothing_of_the_business(office: Office) -> None:
    before = await office.everything()
    for operation in (
        "business.setHours",
        "customers.export",
        "customers.erase",
        "customers.merge",
    ):
        outcome = await office.executor.execute(operation, b"{}", is_staff=True)
        assert isinstance(outcome.refusal, Refusal)
        assert outcome.refusal.code == "not_allowed"
    assert await office.everything() == before
    status = await office.executor.execute("agent.status", b"{}", is_staff=True)
    assert status.refusal is msgspec.UNSET


async def test_when_the_disk_takes_nothing_nothing_is_answered(
    office: Office, book: Book, clock: ManualClock
) -> None:
    async def fail(_: Scene, __: Empty) -> Nothing:
        raise StorageUnavailable("The disk is full.")

    operation = Operation("x.fail", Empty, Nothing, "Fails.", fail)
    executor = Executor({"x.fail": operation}, book, office.premises, clock)
    with pytest.raises(StorageUnavailable):
        await executor.execute("x.fail", b"{}", CallName(DEVICE, CALL))


async def breaks_behind_a_change(scene: Scene, _: Empty) -> Nothing:
    await scene.transaction.execute("UPDATE booking SET note = 'half done'")
    raise KeyError("Anna Käfer")


async def breaks(scene: Scene, _: Empty) -> Nothing:
    await scene.desk.available(TUESDAY, 2)
    raise KeyError("Anna Käfer")


@pytest.mark.parametrize("reads", [False, True])
async def test_what_breaks_is_refused_and_changes_nothing(
    office: Office, book: Book, clock: ManualClock, reads: bool, caplog: pytest.LogCaptureFixture
) -> None:
    await office.ask("bookings.book", **wish())
    work = breaks if reads else breaks_behind_a_change
    operation = Operation("x.break", Empty, Nothing, "Breaks.", work, reads=reads)
    office.executor = Executor(
        {"x.break": operation, **office.executor.operations}, book, office.premises, clock
    )
    code, sentence = await office.refused("x.break", CALL)
    assert code == "mishap"
    assert "fault in the agent, not because of what was asked" in sentence
    assert await office.refused("x.break", CALL) == (code, sentence)
    assert await office.refused("x.break") == (code, sentence)
    assert "half done" not in str((await office.everything())["booking"])
    assert "operation 'x.break' broke: " in caplog.text
    assert "Anna" not in caplog.text


async def test_what_breaks_behind_a_change_does_not_deny_it(office: Office) -> None:
    """What is done afterwards breaks: asked again by its name, the call is answered as done."""

    async def step() -> None:
        raise KeyError

    office.executor.afterwards(step)
    assert (await office.ask("bookings.book", CALL, **wish()))["underName"] == "Meyer"
    assert await count(office) == 1
