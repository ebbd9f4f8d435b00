"""The line through a real NATS: it comes up late, goes down, comes back, and says so."""

import asyncio
import builtins
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client

from nats_server import NatsServer
from plausch.server import nats_line
from plausch.server.nats_line import NatsLine, NatsMissing

PATIENCE_S = 30.0


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NatsServer]:
    server = NatsServer(tmp_path / "nats").start()
    yield server
    server.kill()


@dataclass
class Heard:
    payloads: list[bytes] = field(default_factory=list)
    unheard: list[str] = field(default_factory=list)
    backs: int = 0

    def back(self) -> None:
        self.backs += 1


@asynccontextmanager
async def line_to(url: str) -> AsyncIterator[tuple[NatsLine, Heard]]:
    line, heard = NatsLine(url, "plausch.1.test"), Heard()
    line.begin(heard.payloads.append, heard.back, lambda: None, heard.unheard.append)
    try:
        yield line, heard
    finally:
        await line.close()


async def until(holds: Any) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline_s, "it did not become true"
        await asyncio.sleep(0.01)


async def test_what_is_published_is_heard_by_the_others_alone(nats: NatsServer) -> None:
    async with line_to(nats.url) as (one, at_one), line_to(nats.url) as (two, at_two):
        await until(lambda: one.is_up and two.is_up)
        for line in (one, two):
            line.subscribe("s")
            await line.flush()
        one.publish("s", b"1")
        one.publish("other", b"2")
        await until(lambda: at_two.payloads == [b"1"])
        two.unsubscribe("s")
        await two.flush()
        one.publish("s", b"3")
        await one.flush()
        assert (at_one.payloads, at_two.payloads) == ([], [b"1"])


async def test_what_waits_to_be_written_has_a_bound(
    nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A NATS that stands still is noticed after seconds, and large messages go on coming."""
    monkeypatch.setattr(nats_line, "WAITING_BYTES", 4_000_000)
    async with line_to(nats.url) as (one, _), line_to(nats.url) as (two, at_two):
        await until(lambda: one.is_up and two.is_up)
        two.subscribe("s")
        await two.flush()
        lost = 0

        def lose() -> None:
            nonlocal lost
            lost += 1

        one._lost = lose
        payload = bytes(500_000)
        nats.stand_still()
        for _ in range(40):
            one.publish("s", payload)
            await asyncio.sleep(0.01)
        assert one._client is not None
        assert one._waiting_bytes + one._client.pending_data_size <= 4_000_000
        assert lost >= 20
        nats.go_on()
        await until(lambda: len(at_two.payloads) >= 40 - lost)
        one.publish("s", b"again")
        await until(lambda: b"again" in at_two.payloads)


async def test_nats_says_when_nobody_listens(nats: NatsServer) -> None:
    async with line_to(nats.url) as (one, at_one):
        async with line_to(nats.url) as (two, at_two):
            await until(lambda: one.is_up and two.is_up)
            two.subscribe("g.two")
            await two.flush()
            one.send_to("g.two", b"1")
            one.send_to("g.three", b"2")
            await until(lambda: at_two.payloads == [b"1"] and at_one.unheard == ["g.three"])

        def is_missed() -> bool:
            one.send_to("g.two", b"3")
            return "g.two" in at_one.unheard

        await until(is_missed)  # NATS takes a moment to notice that it is gone
        await one.flush()
        missed = len(at_one.unheard)
        one.publish("g.two", b"4")
        await one.flush()
        assert (at_one.payloads, len(at_one.unheard)) == ([], missed)


async def test_a_nats_that_lets_nobody_say_anything_is_told_to_the_operator(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    others = '{publish: "others.>", subscribe: "others.>"}'
    users = f"authorization {{ users = [{{user: u, password: p, permissions: {others}}}] }}"
    nats = NatsServer(tmp_path / "strict", configuration=users).start()
    try:
        async with line_to(nats.url.replace("://", "://u:p@")) as (one, _):
            await until(lambda: one.is_up)
            for _ in range(2):
                one.publish("plausch.1.test.all", b"1")
                with suppress(TimeoutError):
                    await one.flush()
            await until(lambda: "plausch.>" in caplog.text)
            assert caplog.text.count("plausch.>") == 1
    finally:
        nats.kill()


async def test_what_is_subscribed_before_a_flush_is_heard_after_it(nats: NatsServer) -> None:
    """Also while the client has not written it yet: pushes and reading the log rely on it."""
    async with line_to(nats.url) as (one, at_one), line_to(nats.url) as (two, at_two):
        await until(lambda: one.is_up and two.is_up)
        for number in range(300):
            two.subscribe(f"s.{number}")
            await two.flush()
            one.send_to(f"s.{number}", b"%d" % number)
        await until(lambda: len(at_two.payloads) + len(at_one.unheard) == 300)
        assert at_one.unheard == []


async def test_after_nats_came_back_it_still_says_so(nats: NatsServer) -> None:
    async with line_to(nats.url) as (one, at_one):
        await until(lambda: one.is_up)
        nats.kill()
        await until(lambda: not one.is_up)
        nats.start()
        await until(lambda: one.is_up)
        one.send_to("g.two", b"1")
        await until(lambda: at_one.unheard == ["g.two"])


async def test_a_line_comes_up_when_nats_does_and_again_after_it_died(nats: NatsServer) -> None:
    nats.kill()
    async with line_to(nats.url) as (one, at_one), line_to(nats.url) as (two, _):
        one.subscribe("s")
        two.publish("s", b"dropped")
        await asyncio.sleep(0)
        assert not one.is_up
        for round_ in range(2):
            nats.start()
            await until(lambda: one.is_up and two.is_up)
            assert at_one.backs == round_ + 1
            await one.flush()
            two.publish("s", b"heard")
            await until(lambda: at_one.payloads == [b"heard"])
            at_one.payloads.clear()
            nats.kill()
            await until(lambda: not one.is_up and not two.is_up)


async def test_one_of_several_servers_is_enough(nats: NatsServer) -> None:
    async with line_to(f"nats://127.0.0.1:1, {nats.url}") as (one, _):
        await until(lambda: one.is_up)


async def test_a_flush_does_not_wait_for_ever(nats: NatsServer) -> None:
    async with line_to(nats.url) as (one, _):
        await until(lambda: one.is_up)
        nats.stand_still()
        with pytest.raises(TimeoutError):
            await one.flush()
        nats.go_on()
        # The late answer makes the client connect anew.
        for _ in range(100):
            with suppress(TimeoutError):
                return await one.flush()
        raise AssertionError("the line did not find back")


async def test_a_nats_that_is_gone_does_not_keep_a_line_from_closing(
    nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client may still have something to write to a connection that is closed."""

    async def writes(self: Client) -> None:
        raise RuntimeError("unable to perform operation: the handler is closed")

    line = NatsLine(nats.url, "plausch.1.test")
    line.begin(lambda payload: None, lambda: None, lambda: None, lambda subject: None)
    await until(lambda: line.is_up)
    close = Client.close
    monkeypatch.setattr(Client, "close", writes)
    await line.close()
    assert line._client is not None
    await close(line._client)


async def test_a_flush_on_a_closed_handle_does_not_end_the_line(
    nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def publishes(self: Client, *_: object) -> None:
        raise RuntimeError("unable to perform operation: the handler is closed")

    async with line_to(nats.url) as (one, _), line_to(nats.url) as (two, at_two):
        await until(lambda: one.is_up and two.is_up)
        two.subscribe("s")
        await two.flush()
        writing = one._writing
        with monkeypatch.context() as broken:
            broken.setattr(Client, "publish", publishes)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(one.flush(), PATIENCE_S)
        one.publish("s", b"heard")
        await until(lambda: at_two.payloads == [b"heard"])
        assert one._writing is writing


async def test_a_writer_that_ends_by_a_bug_begins_anew_and_says_so(
    nats: NatsServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(nats_line, "RETRY_S", 0.01)
    async with line_to(nats.url) as (one, at_one), line_to(nats.url) as (two, _):
        one.subscribe("s")
        await until(lambda: one.is_up and two.is_up)
        with monkeypatch.context() as broken:
            broken.setattr(NatsLine, "_do", _breaks)
            one.publish("s", b"lost")
            await until(lambda: not one.is_up)
        await until(lambda: one.is_up)
        assert at_one.backs == 2
        assert "it begins anew" in caplog.text
        await one.flush()
        two.publish("s", b"heard")
        await until(lambda: at_one.payloads == [b"heard"])


async def _breaks(line: NatsLine, subject: str, what: Any) -> None:
    raise KeyError("a bug")


def test_without_the_extra_a_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = builtins.__import__

    def missing(name: str, *more: Any) -> Any:
        if name == "nats":
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(NatsMissing, match=r"plausch\[cluster\]"):
        NatsLine("nats://localhost:4222", "plausch.1.test")
