"""A member of the browser's groups that never dies: the Python core, which sees every ciphertext.

From the sender data of each it reads the epoch, leaf and generation whose key was used.
"""

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from plausch.mls.codec import Reader
from plausch.mls.credential import BASIC, Credential, Role
from plausch.mls.errors import CredentialRefused
from plausch.mls.framing import PrivateMessage, parse_private_message
from plausch.mls.group import Group, PendingCommit, join
from plausch.mls.joiner import KeyPackageBundle
from plausch.mls.saved import GroupState
from plausch.mls.staged import ReceivedMessage, StagedMessage
from plausch.mls.suite import MLS_256_XWING, suite

DAY_S = 86_400


class KeyUse(NamedTuple):
    """A key of the secret tree: used for two ciphertexts, it would give both away."""

    epoch: int
    leaf: int
    generation: int


class Witness:
    """One device in Python."""

    def __init__(self, name: bytes, suite_id: int = MLS_256_XWING) -> None:
        self.suite = suite_id
        self.credential = Credential(BASIC, name)
        self.private, self.public = suite(suite_id).signature_generate()
        self.known: set[tuple[bytes, bytes]] = set()
        self.meet(self.view)

    @property
    def view(self) -> Mapping[str, Any]:
        """This device as a policy in the browser names it."""
        return {
            "credentialType": BASIC,
            "credential": self.credential.body,
            "signatureKey": self.public,
        }

    def meet(self, *devices: Mapping[str, Any]) -> None:
        """Accept these devices from now on."""
        self.known |= {(device["credential"], device["signatureKey"]) for device in devices}

    def judge(self, credential: Credential, signature_key: bytes, role: Role) -> None:
        if (credential.body, signature_key) not in self.known:
            raise CredentialRefused(f"Nobody has introduced {credential.body!r}.")

    def key_package(self) -> KeyPackageBundle:
        now_s = int(time.time())
        return KeyPackageBundle.create(self.suite, self.credential, self.private, now_s, 30 * DAY_S)

    def join(self, welcome: bytes, bundle: KeyPackageBundle) -> "Seat":
        return Seat(self, join(welcome, bundle, self.judge, int(time.time())).accept())

    def create(self, group_id: bytes) -> "Seat":
        now_s = int(time.time())
        group = Group.create(
            self.suite, group_id, self.credential, self.private, self.judge, now_s=now_s
        )
        return Seat(self, group)


class Seat:
    """The witness in one group."""

    def __init__(self, witness: Witness, group: Group) -> None:
        self._witness = witness
        self.group = group
        self.uses: dict[KeyUse, bytes] = {}

    def commit(self, *adds: bytes) -> PendingCommit:
        return self.group.commit(self._witness.judge, int(time.time()), adds=adds)

    def take(self, raw: bytes) -> ReceivedMessage | None:
        """Process an envelope, which must be right and must use no key for the second time."""
        state = self.group.state
        use = key_use(state, raw) if is_private(raw) else None
        if use is not None:
            assert self.uses.setdefault(use, raw) == raw, f"{use} was used twice"
        staged = self.group.process(raw, self._witness.judge, int(time.time()))
        if isinstance(staged, StagedMessage):
            return staged.accept()
        staged.accept()
        return None

    def gaps(self) -> list[KeyUse]:
        """Generations that were left out: each sender must have used 0, 1, 2, ... of an epoch."""
        return [
            KeyUse(epoch, leaf, generation)
            for epoch, leaf, last in self.uses
            for generation in range(last)
            if KeyUse(epoch, leaf, generation) not in self.uses
        ]


def is_private(raw: bytes) -> bool:
    """Whether an MLSMessage is a PrivateMessage (RFC 9420 section 6)."""
    return raw[:4] == bytes([0, 1, 0, 2])


def key_use(state: GroupState, raw: bytes) -> KeyUse:
    """Opens the sender data (RFC 9420 section 6.3.2), in the present or a retained epoch."""
    message: PrivateMessage = parse_private_message(raw)
    crypto = state.epoch.suite
    secret = next(
        (past.sender_data for past in state.past if past.context.epoch == message.epoch),
        state.epoch.secrets.sender_data,
    )
    sample = message.ciphertext[: crypto.hash_length]
    key = crypto.expand_with_label(secret, "key", sample, crypto.key_length)
    nonce = crypto.expand_with_label(secret, "nonce", sample, crypto.nonce_length)
    reader = Reader(crypto.aead_open(key, nonce, message.sender_aad(), message.encrypted_sender))
    return KeyUse(message.epoch, reader.u32(), reader.u32())
