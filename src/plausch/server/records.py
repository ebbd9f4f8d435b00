"""What the services know of accounts, devices and members; keys are the database's own numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

from plausch.base.ids import ConversationId

PERSON = "person"
BUSINESS = "business"
KINDS = (PERSON, BUSINESS)


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """An account's public record. `device_list` is the newest one, signed."""

    key: int
    name: str
    kind: str
    identity_key: bytes
    device_list: bytes


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """A device that the account's device list names now."""

    key: int
    uri: str
    account_key: int
    name: str
    """The account's name."""
    kind: str
    """The account's kind: "person" or "business"."""
    signature_key: bytes
    identity_key: bytes
    """The account's."""


@dataclass(frozen=True, slots=True)
class Member:
    """A device in a conversation."""

    device_key: int
    uri: str
    account_key: int
    leaf_index: int
    signature_key: bytes
    listed: bool = True
    """Whether its account's list still names it; a leaf stays until a member removes it."""


@dataclass(frozen=True, slots=True)
class Roster:
    """Who is in a conversation during one epoch. An epoch's members never change."""

    conversation_key: int
    conversation: ConversationId
    epoch: int
    suite: int
    members: Mapping[int, Member]
    """Those that are listed devices, by device key."""
    uris: tuple[str, ...]
    """Their device URIs, by leaf."""
    accounts: frozenset[int]
    """The participants' account keys, also of those with no listed device in it."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """An envelope's place in its log, and when the server took it (server's clock)."""

    seq: int
    accepted_at_ms: int
