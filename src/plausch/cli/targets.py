"""Which conversation or account a person means: by address, name, group title or id."""

import re

from plausch.base.ids import AccountAddress
from plausch.sdk import Client, Conversation, SdkError, UnknownConversation

_CONVERSATION_ID = re.compile(r"[0-9a-f]{32}")


def titled(client: Client, title: str) -> Conversation | None:
    """The group with exactly this title. Raises SdkError when there are several."""
    found = [one for one in client.conversations() if one.kind == "group" and one.title == title]
    if len(found) > 1:
        ids = ", ".join(one.id.hex() for one in found)
        raise SdkError(f"{len(found)} groups are called {title!r}; use the id instead: {ids}.")
    return found[0] if found else None


async def find(client: Client, target: str) -> Conversation:
    """The conversation that a person means by an address, a conversation id or a group's title.

    Raises UnknownConversation, NameRefused, and what `conversation_with` raises.
    """
    if _CONVERSATION_ID.fullmatch(target):
        return client.conversation(target)
    group = titled(client, target)
    if group is not None:
        return group
    return await client.conversation_with(full_address(client, target))


async def is_known(client: Client, target: str) -> bool:
    """Whether `find` needs no server for it. Raises SdkError, NameRefused."""
    if _CONVERSATION_ID.fullmatch(target) or titled(client, target) is not None:
        return True
    address = full_address(client, target)
    return any(one.address == address for one in await client.contacts())


def existing(client: Client, target: str) -> Conversation:
    """Like `find`, but who only looks never begins a conversation. Raises UnknownConversation,
    NameRefused."""
    if _CONVERSATION_ID.fullmatch(target):
        return client.conversation(target)
    group = titled(client, target)
    if group is not None:
        return group
    address = full_address(client, target)
    for conversation in client.conversations():
        if conversation.peer == address:
            return conversation
    raise UnknownConversation(
        f"There is no conversation with {address} on this device; begin one with: "
        f"plausch send {address} TEXT."
    )


def full_address(client: Client, text: str) -> AccountAddress:
    """`name@domain`, or `name` for an account of our own server. Raises NameRefused."""
    return AccountAddress.parse(text if "@" in text else f"{text}@{client.domain}")


def group_called(client: Client, target: str) -> Conversation:
    """A group by id or title. Raises UnknownConversation."""
    if _CONVERSATION_ID.fullmatch(target):
        return client.conversation(target)
    group = titled(client, target)
    if group is None:
        raise UnknownConversation(
            f"There is no group {target!r} on this device; see: plausch group list."
        )
    return group
