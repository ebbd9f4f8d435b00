"""Trains, tunnels, restarts: everything arrives once, in order."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from cast import PATIENCE_S, Town, event, expected, history, message, settled, state_of, texts
from crooked import Crooked, crooked_before
from plausch.sdk import (
    Client,
    ConnectionChanged,
    State,
    Unreachable,
    VaultBusy,
    WrongPassphrase,
)


@pytest.fixture
async def wire(town: Town) -> AsyncIterator[Crooked]:
    """A wire that can be cut."""
    async with crooked_before(town.url) as proxy:
        yield proxy


async def test_what_is_written_in_a_tunnel_goes_out_in_order(town: Town) -> None:
    anna, cem = await town.register("anna"), await town.person("cem")
    async with anna:
        conversation = await anna.conversation_with("cem@localhost")
        await (await conversation.send_text("before")).accepted()
    anna = await Client.open(town.home("anna"))
    conversation = anna.conversation(conversation.id)
    for number in range(5):
        sent = await conversation.send_text(f"line {number}")
        assert sent.state is State.WAITING
    assert [one.state for one in await conversation.history()][1:] == [State.WAITING] * 5
    await anna.close()
    await town.back("anna")
    assert await texts(cem, 6) == ["before", *(f"line {number}" for number in range(5))]


async def test_a_conversation_begun_in_a_tunnel(town: Town) -> None:
    """Cem is known, the server is away: conversation and message wait in the vault."""
    anna, cem = await town.register("anna"), await town.person("cem")
    async with anna:
        await anna.contact("cem@localhost")
    anna = await Client.open(town.home("anna"))
    conversation = await anna.conversation_with("cem@localhost")
    assert conversation.state == "opening"
    assert conversation.peer == cem.address
    await conversation.send_text("later")
    await anna.close()
    anna = await town.back("anna")
    assert await texts(cem, 1) == ["later"]
    assert (await anna.conversation_with("cem@localhost")) == conversation
    assert conversation.id in {one.id for one in cem.conversations()}


async def test_unknown_people_need_a_connection(town: Town) -> None:
    anna = await town.register("anna")
    with pytest.raises(Exception, match="not connected"):
        await anna.conversation_with("cem@localhost")
    await anna.close()


async def test_the_server_restarts(town: Town) -> None:
    anna, cem = await town.people("anna", "cem")
    conversation = await anna.conversation_with("cem@localhost")
    await conversation.send_text("before")
    assert await texts(cem, 1) == ["before"]
    gone = anna.events()
    await town.shut()
    await expected(gone, ConnectionChanged, lambda one: not one.online)
    sent = await conversation.send_text("meanwhile")
    await town.open()
    await asyncio.wait_for(sent.accepted(), PATIENCE_S)
    assert await texts(cem, 1) == ["meanwhile"]
    await cem.synchronize()


async def test_the_wire_is_cut_again_and_again(town: Town, wire: Crooked) -> None:
    """Connections break at any moment; each message arrives once, in order."""
    anna = await town.person("anna", url=wire.url)
    cem = await town.person("cem", url=wire.url)
    conversation = await anna.conversation_with("cem@localhost")

    async def cutting() -> None:
        for _ in range(12):
            await asyncio.sleep(0.05)
            wire.cut()

    async def talking() -> None:
        for number in range(40):
            await conversation.send_text(f"line {number}")
            await asyncio.sleep(0.01)

    await asyncio.gather(cutting(), talking())
    assert await texts(cem, 40) == [f"line {number}" for number in range(40)]
    await settled(anna, cem)
    assert await history(conversation) == [f"line {number}" for number in range(40)]
    assert await anna.problems() == await cem.problems() == []


async def test_synchronize_says_when_there_is_no_server(town: Town) -> None:
    anna = await town.person("anna")
    await town.shut()
    await event_or_offline(anna)
    transport = anna._device.core.transport
    with pytest.raises(Unreachable, match=r"cannot be reached|no connection to the server"):
        await transport.wait_online(within_s=0.6)
    await town.open()


async def event_or_offline(client: Client) -> None:
    if client.online:
        await event(client, ConnectionChanged, lambda one: not one.online)


async def test_messages_wait_for_a_program_that_was_away(town: Town) -> None:
    anna, cem = await town.person("anna"), await town.register("cem")
    await cem.close()
    conversation = await anna.conversation_with("cem@localhost")
    for number in range(3):
        await (await conversation.send_text(f"line {number}")).accepted()
    cem = await town.back("cem")
    assert await texts(cem, 3) == ["line 0", "line 1", "line 2"]


async def test_a_program_that_dies_over_a_message_gets_it_again(town: Town) -> None:
    anna = await town.person("anna")
    await (await town.register("bot")).close()
    conversation = await anna.conversation_with("bot@localhost")
    for number in range(3):
        await (await conversation.send_text(f"line {number}")).accepted()

    class Died(Exception):
        pass

    seen: list[str] = []
    with pytest.raises(Died):
        async with await Client.open(town.home("bot")) as bot:
            async for incoming in bot.messages():
                seen.append(incoming.text)
                if incoming.text == "line 1":
                    raise Died
    async with await Client.open(town.home("bot")) as bot:
        async for incoming in bot.messages():
            seen.append(incoming.text)
            if incoming.text == "line 2":
                break
    assert seen == ["line 0", "line 1", "line 1", "line 2"]
    async with await Client.open(town.home("bot")) as bot:
        await bot.synchronize()
        inbox = bot.messages()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(inbox), 0.2)


async def test_delivered_is_known_after_being_away(town: Town) -> None:
    """Anna was away when Cem's device received: the mark is there when she is back."""
    anna = await town.register("anna")
    cem = await town.register("cem")
    await cem.close()
    async with anna:
        conversation = await anna.conversation_with("cem@localhost")
        await (await conversation.send_text("hello")).accepted()
    cem = await town.back("cem")
    await texts(cem, 1)
    await cem.synchronize()
    await asyncio.sleep(0.3)  # the server collects acknowledgements for a moment
    anna = await town.back("anna")
    assert (await state_of(anna.conversation(conversation.id), State.DELIVERED)).text == "hello"


async def test_one_process_owns_a_vault(town: Town) -> None:
    await town.person("anna")
    with pytest.raises(VaultBusy, match="in use by process"):
        await Client.open(town.home("anna"))


async def test_a_passphrase_protects_the_vault(town: Town) -> None:
    home = town.home("anna")
    anna = await Client.register(home, town.url, "anna", passphrase="Zur schönen Linde")
    await anna.close()
    with pytest.raises(WrongPassphrase):
        await Client.open(home, passphrase="zur schönen linde")
    with pytest.raises(WrongPassphrase, match="needs its passphrase"):
        await Client.open(home)
    async with await Client.open(home, passphrase="Zur schönen Linde") as anna:
        await anna.synchronize()


async def test_a_thousand_lines_are_caught_up(town: Town) -> None:
    anna, cem = await town.person("anna"), await town.register("cem")
    conversation = await anna.conversation_with("cem@localhost")
    last = None
    for number in range(300):
        last = await conversation.send_text(f"line {number}")
    assert last is not None
    await asyncio.wait_for(last.accepted(), PATIENCE_S * 3)
    await town.connect(cem)
    await cem.synchronize()
    (theirs,) = cem.conversations()
    lines = [one.text for one in await theirs.history(limit=1000)]
    assert lines == [f"line {number}" for number in range(300)]
    assert (await message(cem)).text == "line 0"
