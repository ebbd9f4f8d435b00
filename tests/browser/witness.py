"""The member that never dies: a device of the Python SDK in the same conversations.

It knows the secrets of every epoch that it has seen, and so can say which key each ciphertext was
made with.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import pytest

from plausch.mls.codec import Reader
from plausch.mls.framing import PrivateMessage, parse_private_message
from plausch.mls.group import Group
from plausch.mls.suite import Suite
from plausch.sdk import Client, Kind, StoredMessage
from plausch.sdk.conversation import Conversation
from plausch.sdk.core import Live

PAGE = 500
SAID = (Kind.TEXT, Kind.FILE)


class KeyUse(NamedTuple):
    """A key of the secret tree: used for two ciphertexts, it would give both away."""

    group: bytes
    epoch: int
    leaf: int
    content_type: int
    generation: int


@dataclass
class Epochs:
    """The sender data secrets of all epochs that the witness was in."""

    secrets: dict[tuple[bytes, int], tuple[Suite, bytes]] = field(default_factory=dict)

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Remember each epoch as the SDK enters it."""
        remember = Live.remember_epoch

        def watched(live: Live, group: Group) -> None:
            epoch = group.state.epoch
            place = (group.group_id, group.epoch)
            self.secrets[place] = (epoch.suite, epoch.secrets.sender_data)
            remember(live, group)

        patch.setattr(Live, "remember_epoch", watched)

    def uses(self, ciphertexts: Iterable[bytes]) -> Mapping[KeyUse, set[bytes]]:
        """The ciphertexts that each key was used for. Those of other epochs are left out."""
        found: dict[KeyUse, set[bytes]] = {}
        for raw in ciphertexts:
            if is_private(raw):
                message = parse_private_message(raw)
                secret = self.secrets.get((message.group_id, message.epoch))
                if secret is not None:
                    found.setdefault(key_use(*secret, message), set()).add(raw)
        return found


def is_private(raw: bytes) -> bool:
    """Whether an MLSMessage is a PrivateMessage (RFC 9420 section 6)."""
    return raw[:4] == bytes([0, 1, 0, 2])


def key_use(crypto: Suite, secret: bytes, message: PrivateMessage) -> KeyUse:
    """Opens the sender data (RFC 9420 section 6.3.2)."""
    sample = message.ciphertext[: crypto.hash_length]
    key = crypto.expand_with_label(secret, "key", sample, crypto.key_length)
    nonce = crypto.expand_with_label(secret, "nonce", sample, crypto.nonce_length)
    reader = Reader(crypto.aead_open(key, nonce, message.sender_aad(), message.encrypted_sender))
    leaf, generation = reader.u32(), reader.u32()
    return KeyUse(message.group_id, message.epoch, leaf, int(message.content_type), generation)


def gaps(uses: Iterable[KeyUse]) -> Sequence[KeyUse]:
    """Generations that were left out: each sender must have used 0, 1, 2, ... of an epoch."""
    seen = set(uses)
    return [
        use._replace(generation=generation)
        for use in seen
        for generation in range(use.generation)
        if use._replace(generation=generation) not in seen
    ]


async def history(conversation: Conversation) -> Sequence[StoredMessage]:
    """All that was said, oldest first."""
    found: list[StoredMessage] = []
    while True:
        before = found[0].message_id if found else None
        page = await conversation.history(limit=PAGE, before=before)
        found[:0] = page
        if len(page) < PAGE:
            return [one for one in found if one.kind in SAID]


def in_all(client: Client) -> Mapping[str, Conversation]:
    """Its conversations, by their ids in hex."""
    return {one.id.hex(): one for one in client.conversations()}
