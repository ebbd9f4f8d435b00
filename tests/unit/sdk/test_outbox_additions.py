"""Additions that cannot be made: whoever asked is told, and nobody's message waits for them."""

import asyncio

import pytest

from cast import PATIENCE_S, Town, expected, history, settled, texts
from crooked import Crooked, willing
from plausch.sdk import (
    ConversationBroken,
    IdentityChanged,
    ProblemFound,
    ServerRefused,
    State,
    TrustRefused,
)
from plausch.sdk.account import make_own
from plausch.sdk.conversation import Conversation
from plausch.wire import frames as f
from unit.sdk.talks import anna_and_cem, codes, core_of, publish, second_device


def refusing(
    wire: Crooked, kind: type[f.Frame], code: str, fault: str, retry_after_ms: int = 0
) -> None:
    """The server refuses every request of a kind."""

    def refuse(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, kind):
            number: int = frame.id  # type: ignore[attr-defined]
            wire.push(f.Refused(number, code, "No.", fault, retry_after_ms))
            return []
        return [frame]

    wire.to_server = refuse


async def add_and_say(conversation: Conversation, name: str, text: str) -> BaseException | None:
    """Ask for somebody, and say something right behind; why the addition did not come about."""
    adding = asyncio.ensure_future(conversation.add(f"{name}@localhost"))
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE_S):
        (failure,) = await asyncio.gather(adding, return_exceptions=True)
        await (await conversation.send_text(text)).accepted()
    return failure


@pytest.mark.parametrize(
    ("code", "fault", "retry_after_ms", "expected"),
    [
        ("no_key_package", "remote", 0, TrustRefused),
        ("rate_limited", "local", 3_600_000, ServerRefused),
        ("unknown_account", "local", 0, ServerRefused),
    ],
)
async def test_whose_key_package_is_not_to_be_had_is_not_waited_for(
    town: Town,
    wire: Crooked,
    code: str,
    fault: str,
    retry_after_ms: int,
    expected: type[Exception],
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    await town.person("ben")
    await anna.contact("ben@localhost")
    refusing(wire, f.ClaimKeyPackages, code, fault, retry_after_ms)
    assert isinstance(await add_and_say(conversation, "ben", "to you two"), expected)
    assert await texts(cem, 1) == ["to you two"]
    assert await core_of(anna).outbox.of(conversation.id) == []
    wire.to_server = willing
    await conversation.add("ben@localhost")
    assert len(conversation.participants) == 3


async def test_who_does_not_prove_to_be_who_it_is_is_not_waited_for(
    town: Town, wire: Crooked
) -> None:
    anna, cem, conversation = await anna_and_cem(town, wire)
    ben = await town.person("ben")
    await anna.contact("ben@localhost")
    false_ben = make_own("http://x", ben.address, "person", core_of(ben).now_s())

    def swap(frame: f.ServerFrame) -> list[f.ServerFrame]:
        if isinstance(frame, f.Account) and frame.identity_key == core_of(ben).own.identity.public:
            assert false_ben.identity is not None
            return [
                f.Account(
                    frame.id,
                    frame.name,
                    frame.kind,
                    false_ben.identity.public,
                    false_ben.device_list,
                )
            ]
        return [frame]

    wire.to_device = swap
    wire.cut()
    await anna.synchronize()
    assert isinstance(await add_and_say(conversation, "ben", "without him"), IdentityChanged)
    assert await texts(cem, 1) == ["without him"]


async def test_a_participants_further_device_that_cannot_be_added_stops_nobody(
    town: Town, wire: Crooked
) -> None:
    """Its key packages are not believed, or there are too many claims: it comes another time."""
    anna, cem, conversation = await anna_and_cem(town, wire)
    tablet = await second_device(town, cem, "tablet")
    await cem.close()  # else Cem's own device brings the tablet in before Anna's does
    problems = anna.events()
    refusing(wire, f.ClaimKeyPackages, "rate_limited", "local", 3_600_000)
    claims = codes(wire.sent, f.ClaimKeyPackages)
    await town.connect(tablet)
    await core_of(tablet).greeted.wait()
    wire.cut()
    async with asyncio.timeout(PATIENCE_S):
        for word in ("one", "two"):
            await (await conversation.send_text(word)).accepted()
    assert (await expected(problems, ProblemFound)).code == "rate_limited"
    # On each of the two connections once, and perhaps once when the tablet is heard of.
    assert codes(wire.sent, f.ClaimKeyPackages) - claims <= 3
    cem = await town.back("cem")
    assert await texts(cem, 2) == ["one", "two"]
    wire.to_server = willing
    wire.cut()
    await (await conversation.send_text("three")).accepted()
    await settled(anna, cem)
    assert tablet.device in conversation.members


async def test_a_full_mailbox_of_another_device_stops_nobody(town: Town, wire: Crooked) -> None:
    _anna, cem, conversation = await anna_and_cem(town, wire)
    tablet = await town.connect(await second_device(town, cem, "tablet"))
    await core_of(tablet).greeted.wait()
    refusing(wire, f.AppendCommit, "mailbox_full", "remote")
    wire.cut()
    async with asyncio.timeout(PATIENCE_S):
        for word in ("one", "two"):
            await (await conversation.send_text(word)).accepted()
    assert await texts(cem, 2) == ["one", "two"]
    # Whether Anna's device tries at all is a race: Cem's own devices bring the tablet in too.
    assert codes(wire.sent, f.AppendCommit) <= 3


async def test_a_change_that_has_to_come_first_and_is_refused_keeps_messages_waiting(
    town: Town, wire: Crooked
) -> None:
    """Cem's delisted device must not read: what is written waits, and is not failed."""
    anna, cem, conversation = await anna_and_cem(town, wire)
    tablet = await town.connect(await second_device(town, cem, "tablet"))
    await core_of(tablet).greeted.wait()
    wire.cut()
    await (await conversation.send_text("to both")).accepted()
    assert tablet.device in conversation.members
    refusing(wire, f.AppendCommit, "not_allowed", "local")
    await publish(cem, {})
    wire.cut()
    sent = await conversation.send_text("to one")
    with pytest.raises(ConversationBroken, match="does not take the change"):
        await asyncio.wait_for(sent.accepted(), PATIENCE_S)
    assert sent.state is State.WAITING
    assert (await conversation.history())[-1].state is State.WAITING
    wire.to_server = willing
    wire.cut()
    await settled(anna, cem)
    assert sent.state is State.SENT
    assert await history(cem.conversation(conversation.id)) == ["hello", "to both", "to one"]
