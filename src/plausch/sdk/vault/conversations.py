"""Table `conversation`: one row each, with the sealed state of its MLS group."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, cast

import msgspec

from plausch.base.ids import AccountAddress, ConversationId, DeviceAddress
from plausch.db.interface import Row
from plausch.sdk.vault.vault import Vault, Write

ConversationState = Literal["opening", "open", "left", "failed", "broken", "ended"]

_SELECT = (
    "SELECT id, state, request, title, members, invited, admins, picture, link, epoch, "
    "cursor, known, read_seq, active_at_ms, ordinal_ms FROM conversation"
)
_TITLE = "conversation.title"
_PICTURE = "conversation.picture"
_LINK = "conversation.link"
_EPOCH = "conversation.epoch_state"
_RATCHET = "conversation.ratchet_state"


@dataclass(slots=True)
class KeptConversation:
    """A conversation as it stands in the vault, without its group's secrets.

    `invited` are the accounts that its first Commit will add, empty once it is open; `admins` those
    that its roles name, None when it has no roles; `picture` and `link`, the secret of its
    invitation link, are empty when there is none; `epoch` is the group's, kept even after its keys
    were deleted; `cursor` is the seq up to which its log is in the vault, `known` the one up to
    which it is read a second time, if it is: what does not open there was read before; `read_seq`
    up to where a person read, `ordinal_ms` the largest time of its log so far.
    """

    id: ConversationId
    state: ConversationState
    request: bool
    title: str
    members: tuple[DeviceAddress, ...]
    invited: tuple[AccountAddress, ...] = ()
    epoch: int = 0
    cursor: int = 0
    read_seq: int = 0
    active_at_ms: int = 0
    ordinal_ms: int = 0
    admins: tuple[AccountAddress, ...] | None = None
    picture: bytes = b""
    link: bytes = b""
    known: int = 0
    participants: tuple[AccountAddress, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.set_members(self.members, self.invited)

    @property
    def is_over(self) -> bool:
        """This device is out, or the conversation has ended: nothing is sent or read any more."""
        return self.state in ("left", "ended")

    @property
    def present_admins(self) -> tuple[AccountAddress, ...]:
        """The admins that are in it; when there is none, everybody may do what admins may."""
        return tuple(one for one in self.admins or () if one in self.participants)

    def set_members(
        self, members: tuple[DeviceAddress, ...], invited: tuple[AccountAddress, ...] = ()
    ) -> None:
        """The devices in it now, the accounts to come, and thereby the participants."""
        self.members, self.invited = members, invited
        self.participants = tuple(sorted({member.account for member in members} | set(invited)))


class Conversations:
    """The vault's conversations."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def all(self) -> list[KeptConversation]:
        """Every conversation. Raises VaultDamaged."""
        rows = await self._vault.fetch(_SELECT + " ORDER BY id")
        return [self._kept(row) for row in rows]

    def _kept(self, row: Row) -> KeptConversation:
        identifier, state, request, title, members, invited, admins, *others = row
        picture, link, epoch, cursor, known, read_seq, active, ordinal = others
        return KeptConversation(
            ConversationId(identifier),
            cast(ConversationState, state),
            bool(request),
            self._vault.seal.open(_TITLE, identifier, title).decode(),
            tuple(DeviceAddress.parse_uri(uri) for uri in _uris(members)),
            tuple(AccountAddress.parse_uri(uri) for uri in _uris(invited)),
            epoch,
            cursor,
            read_seq,
            active,
            ordinal,
            None if admins is None else tuple(map(AccountAddress.parse_uri, _uris(admins))),
            self._opened(_PICTURE, identifier, picture),
            self._opened(_LINK, identifier, link),
            known,
        )

    def _opened(self, what: str, identifier: bytes, sealed: bytes | None) -> bytes:
        return b"" if sealed is None else self._vault.seal.open(what, identifier, sealed)

    def put(self, kept: KeptConversation) -> Write:
        """Write everything but the group's state; a new row has none yet."""
        seal = self._vault.seal
        return Write(
            "INSERT INTO conversation (id, state, request, title, members, invited, epoch, cursor, "
            "read_seq, active_at_ms, ordinal_ms, admins, picture, link, known, epoch_state, "
            "ratchet_state) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16) "
            "ON CONFLICT (id) DO UPDATE SET state = $2, request = $3, title = $4, members = $5, "
            "invited = $6, epoch = $7, cursor = $8, read_seq = $9, active_at_ms = $10, "
            "ordinal_ms = $11, admins = $12, picture = $13, link = $14, known = $15",
            (
                kept.id,
                kept.state,
                int(kept.request),
                seal.close(_TITLE, kept.id, kept.title.encode()),
                _text(member.uri for member in kept.members),
                _text(account.uri for account in kept.invited),
                kept.epoch,
                kept.cursor,
                kept.read_seq,
                kept.active_at_ms,
                kept.ordinal_ms,
                None if kept.admins is None else _text(one.uri for one in kept.admins),
                seal.close(_PICTURE, kept.id, kept.picture) if kept.picture else None,
                seal.close(_LINK, kept.id, kept.link) if kept.link else None,
                kept.known,
                b"",
            ),
        )

    def put_epoch(self, conversation: ConversationId, epoch_state: bytes) -> Write:
        """The part of a group's state that changes with its epoch."""
        sealed = self._vault.seal.close(_EPOCH, conversation, epoch_state)
        return Write(
            "UPDATE conversation SET epoch_state = $2 WHERE id = $1", (conversation, sealed)
        )

    def put_ratchet(self, conversation: ConversationId, ratchet_state: bytes) -> Write:
        """The part of a group's state that changes with every message."""
        sealed = self._vault.seal.close(_RATCHET, conversation, ratchet_state)
        return Write(
            "UPDATE conversation SET ratchet_state = $2 WHERE id = $1", (conversation, sealed)
        )

    def forget_group(self, conversation: ConversationId) -> Write:
        """This device is out: its keys are deleted."""
        return Write(
            "UPDATE conversation SET epoch_state = $2, ratchet_state = $2 WHERE id = $1",
            (conversation, b""),
        )

    async def get(self, conversation: ConversationId) -> KeptConversation | None:
        """One conversation. Raises VaultDamaged."""
        rows = await self._vault.fetch(_SELECT + " WHERE id = $1", conversation)
        return self._kept(rows[0]) if rows else None

    async def group(self, conversation: ConversationId) -> tuple[bytes, bytes] | None:
        """(epoch state, ratchet state), None when this device has none. Raises VaultDamaged."""
        rows = await self._vault.fetch(
            "SELECT epoch_state, ratchet_state FROM conversation WHERE id = $1", conversation
        )
        if not rows or not rows[0][0]:
            return None
        seal = self._vault.seal
        return (
            seal.open(_EPOCH, conversation, rows[0][0]),
            seal.open(_RATCHET, conversation, rows[0][1]),
        )


def _text(uris: Iterable[str]) -> str:
    return msgspec.json.encode(list(uris)).decode()


def _uris(text: str) -> list[str]:
    return msgspec.json.decode(text, type=list[str])
