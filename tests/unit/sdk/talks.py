"""Two who talk, and what can go wrong with their vaults: shared by the tests of the SDK."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from cast import PATIENCE_S, Town, settled, texts
from crooked import Crooked
from plausch.base.ids import ConversationId
from plausch.db.interface import Transaction
from plausch.identity.certificate import DeviceCertificate
from plausch.identity.device_list import DeviceList
from plausch.identity.keys import SigningKey
from plausch.mls.group import Group
from plausch.sdk import Client
from plausch.sdk.conversation import Conversation
from plausch.sdk.core import Core, Live
from plausch.sdk.vault.outbox import new_idempotency_id
from plausch.sdk.vault.own import OwnTable
from plausch.sdk.vault.vault import Vault
from plausch.wire import frames as f
from plausch.wire.franking import frank


def core_of(client: Client) -> Core:
    return client._device.core


def live_of(client: Client, conversation: Conversation | ConversationId) -> Live:
    identifier = conversation.id if isinstance(conversation, Conversation) else conversation
    return core_of(client).lives[identifier]


async def anna_and_cem(town: Town, wire: Crooked) -> tuple[Client, Client, Conversation]:
    """Anna behind the wire, Cem on the real server; she has said hello and he has read it."""
    anna = await town.person("anna", url=wire.url)
    cem = await town.person("cem")
    conversation = await anna.conversation_with("cem@localhost")
    await (await conversation.send_text("hello")).accepted()
    await texts(cem, 1)
    await settled(anna, cem)
    return anna, cem, conversation


async def all_admins(group: Conversation, *others: Client) -> None:
    """Whoever made the group makes everybody else an admin too; all have seen it."""
    for one in others:
        await group.make_admin(one.address)
    lives = [live_of(one, group) for one in others]
    await eventually(lambda: all(one.kept.present_admins == group.participants for one in lives))


async def append(
    client: Client, conversation: ConversationId, kind: int, raw: bytes, epoch: int
) -> f.Appended:
    """Put something into the log past everything that an honest client would check."""
    return await core_of(client).transport.ask(
        lambda request_id: f.Append(
            request_id, conversation, epoch, kind, raw, new_idempotency_id()
        ),
        f.Appended,
    )


async def say_raw(client: Client, conversation: ConversationId, plaintext: bytes) -> f.Appended:
    """Send bytes that an honest client would never encrypt."""
    core = core_of(client)
    live = core.lives[conversation]
    async with core.changing(live):
        group = await core.group(live)
        franked = frank(plaintext[2:18], plaintext)
        raw = group.encrypt(plaintext, core.mark(group).digest + franked)
        await core.vault.write(core.save_group(live, epoch_moved=False))
        epoch = group.epoch
    return await append(client, conversation, f.APPLICATION, raw, epoch)


async def publish(client: Client, devices: dict[str, SigningKey]) -> dict[str, bytes]:
    """The client's account lists these devices besides its first one; their certificates."""
    core = core_of(client)
    assert core.own.identity is not None
    entries = [(core.device.device, core.own.device_key.public)]
    entries += [(device, key.public) for device, key in devices.items()]
    known = core.trust.device_list(core.address)
    raw = DeviceList.issue(core.own.identity, core.address, entries, core.now_s(), known.raw)
    certificates = {device: certificate_for(client, device, key) for device, key in devices.items()}
    await core.transport.ask(
        lambda request_id: f.PublishDeviceList(request_id, raw, list(certificates.values())),
        f.Done,
    )
    core.own = replace(core.own, device_list=raw)
    await core.trust.pin_own(core.own.kind, raw)
    return certificates


async def second_device(town: Town, client: Client, home: str, device: str = "e" * 16) -> Client:
    """Another device of the same account, without its identity key; not yet connected."""
    key = SigningKey.generate()
    certificates = await publish(client, {device: key})
    own = replace(
        core_of(client).own,
        device=replace(core_of(client).device, device=device),
        identity=None,
        device_key=key,
        certificate=certificates[device],
        mailbox=0,
    )
    vault = await Vault.open(town.home(home), make=True)
    await vault.write([OwnTable(vault).put(own)])
    await vault.close()
    return await Client.open(town.home(home))


def copy_of(group: Group) -> Group:
    """The same member in the same epoch, for what its owner would never do."""
    saved = group.save()
    return Group.load(saved.epoch_state, saved.ratchet_state)


def certificate_for(client: Client, device: str, key: SigningKey) -> bytes:
    """What the account's identity key says of another device of it."""
    core = core_of(client)
    assert core.own.identity is not None
    return DeviceCertificate.issue(
        core.own.identity,
        replace(core.device, device=device),
        key.public,
        core.now_s() - 60,
        core.now_s() + 10**6,
    )


@asynccontextmanager
async def forbidding(client: Client, change: str) -> AsyncIterator[None]:
    """Within it the vault's database refuses `change`, such as INSERT ON message."""

    async def forbid(transaction: Transaction) -> None:
        await transaction.execute(
            f"CREATE TRIGGER forbidding BEFORE {change} BEGIN SELECT RAISE(ABORT, 'no'); END"
        )

    async def allow(transaction: Transaction) -> None:
        await transaction.execute("DROP TRIGGER forbidding")

    database = core_of(client).vault._database
    await database.transact(forbid)
    try:
        yield
    finally:
        await database.transact(allow)


async def eventually(holds: Callable[[], bool]) -> None:
    """Let the loop turn until something holds that needs no event to be told."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.005)


async def cut_off(client: Client, wire: Crooked) -> None:
    """Break the connection; it is gone, or back already as another one, when this returns."""
    transport = core_of(client).transport
    before = transport.generation
    wire.cut()
    await eventually(lambda: not client.online or transport.generation != before)


def withheld(frame: f.ServerFrame, *kinds: type[f.Frame]) -> Sequence[f.ServerFrame]:
    """The frame, unless it is of one of these kinds."""
    return [] if isinstance(frame, kinds) else [frame]


def codes(frames: Sequence[f.Frame], kind: type[f.Frame]) -> int:
    """How many frames are of a kind."""
    return sum(isinstance(frame, kind) for frame in frames)


async def greetings_over(*clients: Client) -> None:
    """Everything that follows a login is done on the clients' present connections."""
    for client in clients:
        await core_of(client).transport.wait_online()
    running = [task for task in asyncio.all_tasks() if task.get_name() == "greeting"]
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*running, return_exceptions=True)
