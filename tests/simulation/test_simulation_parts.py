"""The simulation's own parts: time, processes, bytes, signals and the store."""

import asyncio
from typing import Any

import pytest

from plausch.db.interface import ConstraintViolated, StorageUnavailable, Transaction
from simulation.history import FIRST, history
from simulation.line import Broker, SimulatedLine
from simulation.shared_store import FarDatabase, Store
from simulation.virtual_loop import Process, Violation, VirtualLoop
from simulation.weather import Dice, Weather
from simulation.wire import Incoming, Wire

# --- time ------------------------------------------------------------------------------------


def test_time_passes_only_when_nothing_is_due() -> None:
    loop, seen = VirtualLoop(), []

    async def work() -> None:
        seen.append(loop.time())
        await asyncio.sleep(3_600)
        seen.append(loop.time())
        await asyncio.to_thread(seen.append, "thread")

    loop.finish(work(), 4_000)
    assert seen == [0.0, 3_600.0, "thread"]


def test_what_is_due_at_one_moment_runs_in_the_order_of_asking() -> None:
    loop, seen = VirtualLoop(), []
    for number in range(20):
        loop.call_at(5.0, seen.append, number)
    loop.call_later(5.0, seen.append, 20).cancel()
    loop.run_until(5.0)
    assert seen == list(range(20))


def test_work_without_an_end_is_a_violation() -> None:
    loop = VirtualLoop()
    with pytest.raises(Violation):
        loop.finish(asyncio.sleep(100), 1.0)
    loop.close()


def test_what_nobody_takes_is_a_defect() -> None:
    loop = VirtualLoop()
    loop.call_soon(lambda: 1 // 0)
    loop.run_until(1.0)
    assert isinstance(loop.defects[0]["exception"], ZeroDivisionError)


def ticking(loop: VirtualLoop, process: Process, seen: list[float]) -> None:
    async def tick() -> None:
        try:
            while True:
                seen.append(loop.now_s)
                await asyncio.sleep(1.0)
        finally:
            seen.append(-1.0)

    loop.call_soon(lambda: loop.create_task(tick()), context=process.context)


def test_a_dead_process_does_nothing_more_not_even_at_its_end() -> None:
    loop, process, seen = VirtualLoop(), Process("one"), []
    ticking(loop, process, seen)
    loop.run_until(2.5)
    process.is_dead = True
    loop.run_until(10.0)
    assert seen == [0.0, 1.0, 2.0]
    loop.close()


def test_a_process_that_stood_still_goes_on_as_if_nothing_were() -> None:
    loop, process, seen = VirtualLoop(), Process("one"), []
    ticking(loop, process, seen)
    loop.run_until(1.5)
    loop.stand_still(process, 5.0)
    loop.stand_still(process, 0.1)
    loop.run_until(6.0)
    assert seen == [0.0, 1.0]
    loop.run_until(8.0)
    assert seen == [0.0, 1.0, 6.5, 7.5]
    loop.close()


def test_dice_are_the_same_everywhere() -> None:
    assert [Dice("a", 1).randrange(1000) for _ in range(3)] == [Dice("a", 1).randrange(1000)] * 3
    assert Dice("plan", 7).randrange(10**9) == 392_004_887


# --- bytes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_frames_are_read_wherever_the_bytes_are_cut(size: int) -> None:
    from plausch.server.pushes import websocket_message

    raw = websocket_message(b"x" * size) + b"\x89\x00"
    incoming, found = Incoming(), []
    for start in range(0, len(raw), 7_001):
        found += list(incoming.feed(raw[start : start + 7_001]))
    assert found == [(2, b"x" * size), (9, b"")]


class Ear:
    """Stands where a gateway has its connection."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.is_gone = False

    def on_ws_connected(self, transport: Any) -> None:
        transport.set_write_buffer_limits(high=64 * 1024)

    def on_ws_frame(self, transport: Any, frame: Any) -> None:
        self.heard.append(frame.get_payload_as_bytes())

    def on_ws_disconnected(self, transport: Any) -> None:
        self.is_gone = True

    def pause_writing(self) -> None:
        self.heard.append(b"paused")

    def resume_writing(self) -> None:
        self.heard.append(b"resumed")


def connected() -> tuple[VirtualLoop, Wire, Ear, list[bytes], list[str]]:
    loop, got, lost, ear = VirtualLoop(), [], [], Ear()
    wire = Wire(loop, Weather(), Dice("wire"), 1, got.append, lambda: lost.append("lost"))
    wire.attach(ear, Process("gateway"))  # type: ignore[arg-type]
    loop.run_until(0.001)
    return loop, wire, ear, got, lost


def test_both_directions_keep_their_order() -> None:
    loop, wire, ear, got, _ = connected()
    for number in range(9):
        wire.send(b"up%d" % number)
        wire.write(b"down%d" % number)
    loop.run_until(2.0)
    assert ear.heard == [b"up%d" % number for number in range(9)]
    assert got == [b"down%d" % number for number in range(9)]


def test_a_cut_lets_a_beginning_arrive_and_tells_both() -> None:
    loop, wire, ear, got, lost = connected()
    wire.send(b"up")
    wire.write(b"abcdefghij")
    wire.cut()
    loop.run_until(2.0)
    assert b"abcdefghij".startswith(b"".join(got))
    assert ear.heard in ([], [b"up"])
    assert lost == ["lost"] and ear.is_gone


def test_a_connection_that_vanished_tells_nobody() -> None:
    loop, wire, ear, got, lost = connected()
    wire.vanish()
    wire.send(b"up")
    wire.write(b"down")
    wire.hang_up()
    loop.run_until(100.0)
    assert (ear.heard, got, lost, ear.is_gone) == ([], [], [], False)
    wire.abort()
    loop.run_until(101.0)
    assert ear.is_gone


def test_a_device_that_reads_nothing_is_noticed() -> None:
    loop, wire, ear, got, _ = connected()
    wire.frozen_until_s = 9.0
    for _ in range(4):
        wire.write(b"x" * 50_000)
    assert ear.heard == [b"paused"]
    loop.run_until(10.0)
    assert ear.heard == [b"paused", b"resumed"] and len(got) == 4


def test_what_is_not_read_waits() -> None:
    loop, wire, ear, _, _ = connected()
    wire.pause_reading()
    wire.send(b"up")
    loop.run_until(1.0)
    assert ear.heard == []
    wire.resume_reading()
    loop.run_until(2.0)
    assert ear.heard == [b"up"]


# --- signals ---------------------------------------------------------------------------------


class Listener:
    """A gateway's end of a line."""

    def __init__(self, broker: Broker, name: str) -> None:
        self.heard: list[bytes] = []
        self.unheard: list[str] = []
        self.backs = 0
        self.line = SimulatedLine(broker, Process(name))
        self.line.begin(self.heard.append, self._back, lambda: None, self.unheard.append)
        self.line.subscribe("news")

    def _back(self) -> None:
        self.backs += 1


def lines(count: int = 2) -> tuple[VirtualLoop, Broker, list[Listener]]:
    loop = VirtualLoop()
    broker = Broker(loop, Weather(), Dice("line"))
    listeners = [Listener(broker, f"gateway{number}") for number in range(count)]
    loop.run_until(1.0)
    return loop, broker, listeners


def test_the_others_hear_in_order_and_nobody_hears_itself() -> None:
    loop, _, (one, two) = lines()
    for number in range(9):
        one.line.publish("news", b"%d" % number)
    one.line.publish("other", b"x")
    loop.run_until(2.0)
    assert (one.heard, two.heard) == ([], [b"%d" % number for number in range(9)])


def test_who_sends_to_nobody_hears_that() -> None:
    loop, _, (one, two) = lines()
    one.line.send_to("news", b"1")
    one.line.send_to("other", b"2")
    loop.run_until(2.0)
    assert (two.heard, one.unheard) == ([b"1"], ["other"])
    two.line.hang_up()
    one.line.send_to("news", b"3")
    loop.run_until(3.0)
    assert one.unheard == ["other", "news"]


def test_what_is_said_before_a_break_is_noticed_is_lost() -> None:
    loop, _, (one, two) = lines()
    one.line.break_off(3.0)
    assert one.line.is_up
    one.line.publish("news", b"lost")
    loop.run_until(3.9)
    assert not two.heard and one.backs == 1
    loop.run_until(4.5)
    assert one.line.is_up and one.backs == 2
    two.line.publish("news", b"heard again")
    loop.run_until(5.0)
    assert one.heard == [b"heard again"]


def test_a_flush_tells_whether_the_network_has_it() -> None:
    loop, broker, (one, _) = lines()
    loop.finish(one.line.flush(), 1.0)
    broker.stop(Dice("stop"))
    with pytest.raises(TimeoutError):
        loop.finish(one.line.flush(), 5.0)


# --- the store -------------------------------------------------------------------------------


def opened(weather: Weather) -> tuple[VirtualLoop, Store, FarDatabase]:
    loop = VirtualLoop()
    store = Store(history().image, loop, weather, Dice("store"), lambda *_: None)
    database = store.open("gateway", lambda: None, alone=False)
    assert isinstance(database, FarDatabase)
    return loop, store, database


async def swept(tx: Transaction) -> int:
    return await tx.execute("INSERT INTO sweep (id, at_ms) VALUES (1, 5)")


def count(store: Store) -> int:
    return int(store.rows("SELECT count(*) FROM sweep")[0][0])


@pytest.mark.parametrize(
    ("weather", "rows"),
    [
        (Weather(database_away=True), 0),
        (Weather(disk_full=True), 0),
        (Weather(commit_fails=1.0), 0),
        (Weather(answer_lost=1.0), 1),
    ],
)
def test_a_failure_says_nothing_about_what_is_durable(weather: Weather, rows: int) -> None:
    loop, store, database = opened(weather)
    with pytest.raises(StorageUnavailable):
        loop.finish(database.transact(swept), 60.0)
    assert count(store) == rows


def test_what_may_be_repeated_meets_itself() -> None:
    loop, store, database = opened(Weather(answer_lost=1.0))
    with pytest.raises(ConstraintViolated):
        loop.finish(database.transact(swept, repeatable=True), 60.0)
    assert count(store) == 1


def test_a_process_that_dies_at_commit_hears_no_answer() -> None:
    for weather, rows in ((Weather(dies_before=1.0), 0), (Weather(dies_after=1.0), 1)):
        loop, store, database = opened(weather)
        with pytest.raises(Violation):
            loop.finish(database.transact(swept), 60.0)
        assert count(store) == rows
        loop.close()


# --- what is there before --------------------------------------------------------------------


def test_everybody_has_read_everything_before_a_run_begins() -> None:
    store = Store(history().image, VirtualLoop(), Weather(), Dice("store"), lambda *_: None)
    assert store.rows("SELECT count(*) FROM mailbox") == [(0,)]
    assert not store.rows(
        "SELECT 1 FROM device_cursor k JOIN conversation c ON c.id = k.conversation_id "
        "WHERE k.seq < c.head"
    )
    heads = store.rows("SELECT head, epoch FROM conversation WHERE public_id = ?", FIRST)
    assert heads == [(1, 1)]


def test_commits_follow_from_the_ones_before_and_are_made_once() -> None:
    past = history()
    added = past.step(past.root, "anna1", "olga2")
    removed = past.step(added.after, "cem1", "olga2")
    assert past.step(past.root, "anna1", "olga2") is added
    assert removed.after.members == past.root.members
    assert (added.after.epoch, removed.after.epoch) == (2, 3)
    assert added.welcome and not removed.welcome
