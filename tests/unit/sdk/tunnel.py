"""A device without a connection, and everything it has meanwhile."""

from cast import Town
from plausch.sdk import Client
from plausch.sdk.conversation import Conversation
from plausch.sdk.core import Core, Live
from plausch.sdk.device import Device
from plausch.sdk.vault.messages import MessageRow
from plausch.sdk.vault.outbox import Entry


async def into_tunnel(town: Town, *known: str) -> Client:
    """Anna, who knows these accounts; her device is open and does not connect."""
    anna = await town.register("anna")
    async with anna:
        for name in known:
            await anna.contact(f"{name}@localhost")
    return await Client.open(town.home("anna"))


def device_of(client: Client) -> Device:
    return client._device


def core_of(client: Client) -> Core:
    return client._device.core


def live_of(conversation: Conversation) -> Live:
    return conversation._live


async def owed(client: Client) -> list[Entry]:
    """Everything in the outbox, of all conversations, in order within each."""
    core = core_of(client)
    return [entry for one in core.lives for entry in await core.outbox.of(one)]


async def rows(client: Client) -> list[MessageRow]:
    """Every row of the vault's messages, those that no history shows included."""
    core = core_of(client)
    found = await core.vault.fetch("SELECT message_id FROM message ORDER BY position")
    kept = [await core.messages.get(identifier) for (identifier,) in found]
    return [row for row in kept if row is not None]
