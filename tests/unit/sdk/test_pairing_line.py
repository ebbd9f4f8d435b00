"""One side of a pairing at a real server: in order, over lost connections, and to its end."""

import asyncio
import secrets
from collections.abc import Sequence

import pytest

from cast import PATIENCE_S, Town
from crooked import Crooked
from plausch.sdk import pairing_line
from plausch.sdk.errors import SdkError, ServerMisbehaved, ServerRefused
from plausch.sdk.pairing import ShownBy
from plausch.sdk.pairing_line import Meeting, PairingLine
from plausch.wire import frames as f
from unit.sdk.talks import eventually

NUMBER = secrets.token_bytes(16)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing_line, "AGAIN_S", 0.02)


def lines(url: str, other_url: str = "", domain: str = "") -> tuple[PairingLine, PairingLine]:
    number = secrets.token_bytes(16)
    new = PairingLine(Meeting(url, number, ShownBy.NEW, domain))
    return new, PairingLine(Meeting(other_url or url, number, ShownBy.EXISTING))


async def code_of(step: object) -> str:
    with pytest.raises((SdkError, ServerRefused, ServerMisbehaved)) as caught:
        async with asyncio.timeout(PATIENCE_S):
            await step  # type: ignore[misc]
    return caught.value.code


async def test_messages_come_in_order_on_both_sides(town: Town) -> None:
    new, existing = lines(town.url)
    await new.send(b"one")
    await new.send(b"two")
    await existing.send(b"three")
    assert [await existing.receive(), await existing.receive()] == [b"one", b"two"]
    assert await new.receive() == b"three"
    assert new.domain == "localhost"
    assert new.has_met
    await existing.end()
    assert await code_of(new.receive()) == "pairing_over"
    await new.close()


async def test_a_lost_connection_loses_nothing_and_repeats_nothing(
    town: Town, wire: Crooked
) -> None:
    new, existing = lines(wire.url, town.url)
    await new.send(b"one")
    wire.cut()
    await eventually(lambda: not new.has_met)
    sending = asyncio.ensure_future(new.send(b"two"))
    await existing.send(b"three")
    await sending
    assert [await existing.receive(), await existing.receive()] == [b"one", b"two"]
    assert await new.receive() == b"three"
    wire.cut()
    await existing.send(b"four")
    assert await new.receive() == b"four"
    await new.close()
    await existing.close()


async def test_what_is_repeated_or_out_of_order_is_passed_over(town: Town, wire: Crooked) -> None:
    new, existing = lines(wire.url, town.url)

    def twice(frame: f.ServerFrame) -> Sequence[f.ServerFrame]:
        if isinstance(frame, f.PairingMessage):
            return [f.PairingMessage(4, b"early"), frame, frame]
        return [frame]

    wire.to_device = twice
    for text in (b"one", b"two"):
        await existing.send(text)
        assert await new.receive() == text
    await new.close()
    await existing.close()


async def test_nothing_is_heard_before_this_side_is_let_in(town: Town, wire: Crooked) -> None:
    kept: list[f.ServerFrame] = []

    def late(frame: f.ServerFrame) -> Sequence[f.ServerFrame]:
        if isinstance(frame, f.Done) and not kept:
            kept.append(frame)
            return []
        return [frame]

    wire.to_device = late  # before the line is there, which connects at once
    new, existing = lines(wire.url, town.url)
    await existing.send(b"one")
    hearing = asyncio.ensure_future(new.receive())
    await eventually(lambda: bool(kept))
    assert not hearing.done()
    wire.push(*kept)
    assert await hearing == b"one"
    assert new.has_met
    await new.close()
    await existing.close()


async def test_what_came_before_the_connection_was_lost_is_heard(town: Town, wire: Crooked) -> None:
    new, existing = lines(wire.url, town.url)
    await existing.send(b"one")
    wire.to_device = lambda frame: [] if isinstance(frame, f.Done) else [frame]
    hearing = asyncio.ensure_future(new.receive())
    await eventually(lambda: any(isinstance(one, f.PairingMessage) for one in wire.received))
    wire.cut()
    assert await hearing == b"one"
    await new.close()
    await existing.close()


async def test_a_pairing_that_ends_while_it_is_entered_is_over(town: Town, wire: Crooked) -> None:
    """The other side ends it in that moment: nobody waits in a pairing of its own ten minutes."""

    def ends(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
        if not isinstance(frame, f.OpenPairing):
            return [frame]
        wire.push(f.Closing("pairing_over", "It is over.", 0))
        wire.cut()
        return []

    wire.to_server = ends
    new, existing = lines(wire.url, town.url)
    assert await code_of(new.receive()) == "pairing_over"
    await new.close()
    await existing.close()


async def test_whoever_waits_is_told_when_it_is_closed(town: Town) -> None:
    new, existing = lines(town.url)
    waiting = asyncio.ensure_future(new.receive())
    await asyncio.sleep(0)
    await new.close()
    assert await code_of(waiting) == "link_cancelled"
    assert await code_of(new.send(b"late")) == "link_cancelled"
    await existing.close()


async def test_it_takes_so_long_and_no_longer(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing_line, "PAIRING_S", 0.05)
    new, existing = lines(town.url)
    assert await code_of(new.receive()) == "pairing_over"
    await new.close()
    await existing.close()


async def test_a_side_that_is_taken_is_refused(town: Town) -> None:
    first = PairingLine(Meeting(town.url, NUMBER, ShownBy.NEW))
    await first.send(b"one")
    second = PairingLine(Meeting(town.url, NUMBER, ShownBy.NEW))
    assert await code_of(second.receive()) == "pairing_taken"
    await second.close()
    await first.close()


async def test_the_same_token_comes_back_and_ends_the_connection_before(town: Town) -> None:
    number, token = secrets.token_bytes(16), bytes(16)
    first = PairingLine(Meeting(town.url, number, ShownBy.EXISTING, token=token))
    await first.send(b"one")
    second = PairingLine(Meeting(town.url, number, ShownBy.EXISTING, token=token))
    assert await code_of(first.receive()) == "link_cancelled"
    new = PairingLine(Meeting(town.url, number, ShownBy.NEW))
    assert await new.receive() == b"one"
    for line in (first, second, new):
        await line.close()


async def test_another_server_than_the_accounts_is_told_nothing(town: Town) -> None:
    new, existing = lines(town.url, domain="example.org")
    assert await code_of(new.receive()) == "server_misbehaved"
    assert new.domain == ""
    await new.close()
    await existing.close()


async def test_a_message_that_the_server_refuses_ends_it(town: Town, wire: Crooked) -> None:
    new, existing = lines(wire.url, town.url)

    def refuse(frame: f.ClientFrame) -> Sequence[f.ClientFrame]:
        if isinstance(frame, f.SendPairing):
            wire.push(f.Refused(frame.id, "too_many_pairings", "No room.", "operator"))
            return []
        return [frame]

    wire.to_server = refuse
    assert await code_of(new.send(b"one")) == "too_many_pairings"
    assert await code_of(new.receive()) == "too_many_pairings"
    await new.close()
    await existing.close()


async def test_a_server_that_is_not_there_is_tried_again(town: Town) -> None:
    await town.shut()
    new = PairingLine(Meeting(f"http://127.0.0.1:{town.port}", NUMBER, ShownBy.NEW))
    sending = asyncio.ensure_future(new.send(b"one"))
    await asyncio.sleep(0.05)
    await town.open()
    async with asyncio.timeout(PATIENCE_S):
        await sending
    await new.close()
