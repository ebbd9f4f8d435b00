"""A lying server against people's devices: each lie is refused, and the reason is said.

spec/threats.md names these tests.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from cast import PATIENCE_S, Town, expected, history, message, settled, texts
from crooked import (
    Crooked,
    account_of,
    alter_envelopes,
    crooked_before,
    honest,
    impostor,
    key_package_of,
    moved,
)
from plausch.identity.certificate import DeviceCertificate
from plausch.identity.device_list import DeviceList
from plausch.identity.keys import SigningKey
from plausch.mls.group import external_join
from plausch.sdk import (
    Client,
    ConversationBroken,
    ForkSuspected,
    IdentityChanged,
    IdentityKeyChanged,
    ProblemFound,
    TrustRefused,
)
from plausch.sdk.conversation import Conversation
from plausch.sdk.membership import Intent
from plausch.wire import frames as f


@pytest.fixture
async def crooked(town: Town) -> AsyncIterator[Crooked]:
    async with crooked_before(town.url) as proxy:
        yield proxy


async def anna_and_cem(town: Town, crooked: Crooked) -> tuple[Client, Client, Conversation]:
    """Anna's server lies; Cem's is the real one. They know each other."""
    anna = await town.person("anna", url=crooked.url)
    cem = await town.person("cem")
    conversation = await anna.conversation_with("cem@localhost")
    await (await conversation.send_text("hello")).accepted()
    await texts(cem, 1)
    return anna, cem, conversation


async def problem(client: Client) -> ProblemFound:
    """The next thing that is not believed."""
    return await expected(client.events(), ProblemFound)


# --- identities ------------------------------------------------------------------------------


async def test_swapped_identity_key(town: Town, crooked: Crooked) -> None:
    """After first contact the server shows another identity for Cem: nothing is sent to it."""
    anna, cem, conversation = await anna_and_cem(town, crooked)
    false_cem = impostor(cem)
    crooked.to_device = lambda frame: (
        [account_of(false_cem, frame.id)] if isinstance(frame, f.Account) else [frame]
    )
    events = anna.events()
    crooked.cut()  # a new connection looks everybody up again
    await anna.synchronize()
    sent = await conversation.send_text("Is it you?")
    with pytest.raises(IdentityChanged):
        await sent.accepted()
    changed = await expected(events, IdentityKeyChanged)
    assert changed.address == cem.address
    with pytest.raises(IdentityChanged, match="compare safety numbers"):
        await conversation.send_text("Hello?")
    assert await anna.safety_number("cem@localhost") != await cem.safety_number("anna@localhost")
    assert len(crooked.appends()) == 1
    crooked.to_device = honest


async def test_a_stranger_in_the_middle_from_the_beginning(town: Town, crooked: Crooked) -> None:
    """What trust on first use cannot see, safety numbers show."""
    cem = await town.person("cem")
    anna = await town.person("anna", url=crooked.url)
    false_cem = impostor(cem)
    crooked.to_device = lambda frame: (
        [account_of(false_cem, frame.id)] if isinstance(frame, f.Account) else [frame]
    )
    await anna.contact("cem@localhost")
    crooked.to_device = honest
    assert await anna.safety_number("cem@localhost") != await cem.safety_number("anna@localhost")


async def test_swapped_key_package(town: Town, crooked: Crooked) -> None:
    """The server hands out a key package of its own making: it is not used."""
    anna = await town.person("anna", url=crooked.url)
    cem = await town.person("cem")
    false_cem = impostor(cem)
    raw = key_package_of(false_cem, anna._device.core.now_s())
    crooked.to_device = lambda frame: (
        [f.KeyPackages(frame.id, [(cem.device.uri, raw)])]
        if isinstance(frame, f.KeyPackages)
        else [frame]
    )
    conversation = await anna.conversation_with("cem@localhost")
    sent = await conversation.send_text("for Cem only")
    with pytest.raises(TrustRefused, match="cannot be believed"):
        await sent.accepted()
    assert crooked.appends() == []
    assert not any(isinstance(frame, f.AppendCommit) for frame in crooked.sent)
    crooked.to_device = honest
    crooked.cut()
    assert await texts(cem, 1) == ["for Cem only"], "it goes out once the server is honest"


async def test_key_package_of_somebody_else(town: Town, crooked: Crooked) -> None:
    """A real device's key package, but not of who was asked for."""
    anna = await town.person("anna", url=crooked.url)
    await town.person("cem")
    mallory = await town.person("mallory")
    raw = key_package_of(mallory._device.core.own, anna._device.core.now_s())
    crooked.to_device = lambda frame: (
        [f.KeyPackages(frame.id, [(mallory.device.uri, raw)])]
        if isinstance(frame, f.KeyPackages)
        else [frame]
    )
    conversation = await anna.conversation_with("cem@localhost")
    with pytest.raises(TrustRefused, match="not asked for"):
        await (await conversation.send_text("for Cem only")).accepted()
    assert crooked.appends() == []


async def publish(client: Client, devices: dict[str, SigningKey]) -> None:
    """The client's account lists these devices besides its first one."""
    core = client._device.core
    assert core.own.identity is not None
    entries = [(core.device.device, core.own.device_key.public)]
    entries += [(device, key.public) for device, key in devices.items()]
    now_s = core.now_s()
    known = core.trust.device_list(core.address)
    raw = DeviceList.issue(core.own.identity, core.address, entries, now_s, known.raw)
    certificates = [
        DeviceCertificate.issue(
            core.own.identity,
            replace(core.device, device=device),
            key.public,
            now_s - 60,
            now_s + 10**6,
        )
        for device, key in devices.items()
    ]
    await core.transport.ask(
        lambda request_id: f.PublishDeviceList(request_id, raw, certificates), f.Done
    )
    core.own = replace(core.own, device_list=raw)
    await core.trust.pin_own(core.own.kind, raw)


async def test_rolled_back_device_list(town: Town, crooked: Crooked) -> None:
    """The server hides that a device was removed: nothing is sent on an older list's word."""
    anna, cem, conversation = await anna_and_cem(town, crooked)
    old = cem._device.core.own.device_list
    await publish(cem, {"e" * 16: SigningKey.generate()})
    await publish(cem, {})
    await anna._device.core.trust.refresh(cem.address)
    crooked.to_device = lambda frame: (
        [f.Account(frame.id, frame.name, frame.kind, frame.identity_key, old)]
        if isinstance(frame, f.Account) and frame.name == "cem"
        else [frame]
    )
    crooked.cut()
    await anna.synchronize()
    before = len(crooked.appends())
    with pytest.raises(TrustRefused, match="older than list"):
        await (await conversation.send_text("secret")).accepted()
    assert len(crooked.appends()) == before


async def test_a_ghost_device_is_not_encrypted_to(town: Town, crooked: Crooked) -> None:
    """The server claims a further device of Cem's, certified by nobody."""
    anna, cem, conversation = await anna_and_cem(town, crooked)
    ghost = impostor(cem)
    assert ghost.identity is not None
    forged = DeviceList.issue(
        ghost.identity,
        cem.address,
        [("f" * 16, ghost.device_key.public)],
        anna._device.core.now_s(),
    )
    crooked.to_device = lambda frame: (
        [f.Account(frame.id, frame.name, frame.kind, frame.identity_key, forged)]
        if isinstance(frame, f.Account) and frame.name == "cem"
        else [frame]
    )
    crooked.cut()
    await anna.synchronize()
    with pytest.raises(TrustRefused, match="cannot be believed"):
        await (await conversation.send_text("secret")).accepted()
    assert conversation.members == tuple(sorted((anna.device, cem.device)))


# --- logs ------------------------------------------------------------------------------------


async def test_replayed_envelopes(town: Town, crooked: Crooked) -> None:
    """An envelope is delivered again further on: it is shown once."""
    anna, cem, conversation = await anna_and_cem(town, crooked)
    theirs = await cem.conversation_with("anna@localhost")
    await theirs.send_text("pay 50 euros")
    assert await texts(anna, 1) == ["pay 50 euros"]
    events = anna.events()
    last = crooked.envelopes()[-1]
    again = moved(last, last.seq + 1)
    crooked.push(f.Delivery(conversation.id, again.seq, [again]))
    await expected(events, ProblemFound)
    assert [one.text for one in await conversation.history()] == ["hello", "pay 50 euros"]


async def test_reordered_envelopes(town: Town, crooked: Crooked) -> None:
    """Order within an epoch is the server's to choose; nothing is lost by it."""
    anna, cem, _ = await anna_and_cem(town, crooked)
    theirs = await cem.conversation_with("anna@localhost")
    await theirs.send_text("known")
    await texts(anna, 1)
    crooked.to_device = lambda frame: [] if isinstance(frame, f.Delivery) else [frame]
    for number in range(4):
        await (await theirs.send_text(f"line {number}")).accepted()

    def backwards(envelopes: list[f.Envelope]) -> list[f.Envelope]:
        places = [envelope.seq for envelope in envelopes]
        return [
            moved(envelope, seq) for envelope, seq in zip(reversed(envelopes), places, strict=True)
        ]

    crooked.to_device = lambda frame: alter_envelopes(frame, backwards)
    await anna.synchronize()
    assert sorted(await texts(anna, 4)) == [f"line {number}" for number in range(4)]


async def test_tampered_envelope(town: Town, crooked: Crooked) -> None:
    """A flipped bit is refused, and what comes after it is read."""
    anna, cem, _ = await anna_and_cem(town, crooked)
    theirs = await cem.conversation_with("anna@localhost")
    events = anna.events()

    def flip(envelopes: list[f.Envelope]) -> list[f.Envelope]:
        return [
            f.Envelope(
                one.seq,
                one.epoch,
                one.kind,
                one.accepted_at_ms,
                one.sender,
                one.message[:-1] + bytes([one.message[-1] ^ 1]),
                one.stamp,
            )
            for one in envelopes
        ]

    crooked.to_device = lambda frame: alter_envelopes(frame, flip)
    await (await theirs.send_text("altered")).accepted()
    await expected(events, ProblemFound)
    crooked.to_device = honest
    await theirs.send_text("whole")
    assert await texts(anna, 1) == ["whole"]


async def test_a_false_sender_is_not_believed(town: Town, crooked: Crooked) -> None:
    """Who wrote a message is proven by the device's signature, not by the server's label; where
    they differ, nobody is shown anything that could not be reported."""
    anna, cem, _ = await anna_and_cem(town, crooked)
    theirs = await cem.conversation_with("anna@localhost")

    def relabel(envelopes: list[f.Envelope]) -> list[f.Envelope]:
        return [
            f.Envelope(
                one.seq,
                one.epoch,
                one.kind,
                one.accepted_at_ms,
                anna.device.uri,
                one.message,
                one.stamp,
            )
            for one in envelopes
        ]

    crooked.to_device = lambda frame: alter_envelopes(frame, relabel)
    events = anna.events()
    await theirs.send_text("from Cem")
    assert (await expected(events, ProblemFound)).code == "false_sender"
    (mine,) = anna.conversations()
    assert "from Cem" not in await history(mine), "a report of it would name another one"


async def test_dropped_commit(town: Town, crooked: Crooked) -> None:
    """The server keeps a removal from Anna: she cannot read on, nor send into the old epoch."""
    anna = await town.person("anna", url=crooked.url)
    cem, ben = await town.people("cem", "ben")
    group = await cem.create_group("Club", ["anna@localhost", "ben@localhost"])
    await group.send_text("hello")
    mine = (await message(anna)).conversation
    await texts(ben, 1)
    await settled(anna)

    def drop(frame: f.ServerFrame) -> list[f.ServerFrame]:
        if isinstance(frame, f.Delivery):
            return []
        if isinstance(frame, f.Envelopes):
            return [f.Envelopes(frame.id, frame.conversation, [], frame.head)]
        if isinstance(frame, f.Resumed):
            return [f.Resumed(frame.id, [], frame.mailbox, False)]
        return [frame]

    crooked.to_device = drop
    await group.remove("ben@localhost")
    with pytest.raises(ConversationBroken, match="does not deliver"):
        await (await mine.send_text("still to Ben?")).accepted()
    assert mine.state == "broken"
    crooked.to_device = honest
    await anna.synchronize()
    assert mine.state == "open"
    assert mine.participants == (anna.address, cem.address)
    crooked.cut()
    assert "still to Ben?" in await texts(cem, 1)


async def test_left_out_envelopes_are_noticed(town: Town, crooked: Crooked) -> None:
    """A gap in a log is said, and what follows is read."""
    anna, cem, _ = await anna_and_cem(town, crooked)
    theirs = await cem.conversation_with("anna@localhost")
    crooked.to_device = lambda frame: [] if isinstance(frame, f.Delivery) else [frame]
    for word in ("first", "second", "third"):
        await (await theirs.send_text(word)).accepted()
    events = anna.events()
    crooked.to_device = lambda frame: alter_envelopes(
        frame, lambda envelopes: [envelopes[0], *envelopes[2:]]
    )
    await anna.synchronize()
    assert (await expected(events, ProblemFound)).code == "log_gap"
    assert await texts(anna, 2) == ["first", "third"]


async def test_injected_external_commit(town: Town, crooked: Crooked) -> None:
    """The server lets a stranger in by an external commit: refused, and the group goes on."""
    anna, cem, conversation = await anna_and_cem(town, crooked)
    mallory = await town.person("mallory")
    group = anna._device.core.lives[conversation.id].group
    assert group is not None
    core = mallory._device.core
    await core.trust.refresh(anna.address)
    await core.trust.refresh(cem.address)
    joining = external_join(
        group.group_info(),
        core.credential,
        core.own.device_key.to_bytes(),
        core.trust.judge({anna.address, cem.address, mallory.address}),
        core.now_s(),
    )
    head = anna._device.core.lives[conversation.id].kept.cursor
    envelope = f.Envelope(
        head + 1, group.epoch, f.COMMIT, 0, mallory.device.uri, joining.commit, b""
    )
    events = anna.events()
    crooked.push(f.Delivery(conversation.id, head + 1, [envelope]))
    refused = await expected(events, ProblemFound)
    assert "mallory" in refused.sentence
    assert conversation.participants == (anna.address, cem.address)


async def test_welcome_of_another_group(town: Town, crooked: Crooked) -> None:
    """A Welcome under a false conversation is not joined."""
    anna = await town.person("anna", url=crooked.url)
    cem = await town.person("cem")
    crooked.to_device = lambda frame: (
        [
            f.Mailbox(
                frame.id,
                [
                    f.MailboxItem(
                        item.item,
                        b"x" * 16,
                        item.seq,
                        item.accepted_at_ms,
                        item.sender,
                        item.welcome,
                    )
                    for item in frame.items
                ],
            )
        ]
        if isinstance(frame, f.Mailbox)
        else [frame]
    )
    events = anna.events()
    conversation = await cem.conversation_with("anna@localhost")
    await conversation.send_text("hello")
    assert (await expected(events, ProblemFound)).code == "welcome_misplaced"
    assert anna.conversations() == []


async def test_replayed_welcome(town: Town, crooked: Crooked) -> None:
    """The same Welcome again cannot take a device back to an old epoch."""
    anna = await town.person("anna", url=crooked.url)
    cem = await town.person("cem")
    conversation = await cem.conversation_with("anna@localhost")
    await conversation.send_text("hello")
    await texts(anna, 1)
    (first,) = [
        item for frame in crooked.received if isinstance(frame, f.Mailbox) for item in frame.items
    ]
    again = f.MailboxItem(
        first.item + 1,
        first.conversation,
        first.seq,
        first.accepted_at_ms,
        first.sender,
        first.welcome,
    )
    served: list[int] = []

    def serve(frame: f.ServerFrame) -> list[f.ServerFrame]:
        if isinstance(frame, f.Mailbox) and not served:
            served.append(frame.id)
            return [f.Mailbox(frame.id, [again])]
        return [frame]

    crooked.to_device = serve
    events = anna.events()
    crooked.push(f.MailboxMoved(again.item))
    assert (await expected(events, ProblemFound)).code == "welcome_repeated"
    await conversation.send_text("still here")
    assert await texts(anna, 1) == ["still here"]


async def test_forked_group(town: Town, crooked: Crooked) -> None:
    """The server accepts two Commits in one epoch and shows each half its own: it is noticed."""
    anna = await town.person("anna", url=crooked.url)
    cem, ben, olga = await town.people("cem", "ben", "olga")
    group = await cem.create_group("Club", ["anna@localhost", "ben@localhost"])
    await group.make_admin("anna@localhost")
    await group.send_text("hello")
    mine = (await message(anna)).conversation
    await texts(ben, 1)
    await settled(anna)
    cursor = anna._device.core.lives[mine.id].kept.cursor
    own: list[f.Envelope] = []

    def swallow(frame: f.ClientFrame) -> list[f.ClientFrame]:
        if isinstance(frame, f.AppendCommit):
            own.append(
                f.Envelope(
                    cursor + 1, frame.epoch, f.COMMIT, 0, anna.device.uri, frame.message, b""
                )
            )
            crooked.push(f.Appended(frame.id, cursor + 1, 0))
            crooked.push(f.Delivery(mine.id, cursor + 1, own))
            return []
        if isinstance(frame, f.Read):
            rest = [envelope for envelope in own if envelope.seq > frame.after]
            crooked.push(f.Envelopes(frame.id, mine.id, rest, cursor + len(own)))
            return []
        return [frame]

    crooked.to_server = swallow
    crooked.to_device = lambda frame: [] if isinstance(frame, f.Delivery) else [frame]
    async with asyncio.timeout(PATIENCE_S):
        await mine._change(Intent(add=(olga.address.uri,)))
    assert len(mine.participants) == 4
    await group.remove("ben@localhost")  # the other half's Commit of the same epoch
    events, others = anna.events(), cem.events()
    crooked.to_device = lambda frame: alter_envelopes(
        frame, lambda envelopes: [one for one in envelopes if one.kind == f.APPLICATION]
    )
    await (await group.send_text("can you read this?")).accepted()
    assert (await expected(events, ForkSuspected)).conversation_id == mine.id
    await mine.send_text("and can you read this?")
    assert (await expected(others, ForkSuspected)).conversation_id == mine.id
    assert olga.conversations() == []
