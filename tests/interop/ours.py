"""plausch.mls as one more peer: restarted from its saved state whenever the dice say so."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from interop.peers import (
    EXPORT_CONTEXT,
    EXPORT_LABEL,
    EXPORT_LENGTH,
    Committed,
    External,
    Peer,
    PeerFailed,
    Target,
    View,
    Wanted,
)
from plausch.mls.commit import Identity
from plausch.mls.credential import BASIC, Credential, CredentialRefused, Role
from plausch.mls.errors import ProtocolError
from plausch.mls.extension import REQUIRED_CAPABILITIES, Extension, RequiredCapabilities
from plausch.mls.group import Group, PendingExternalJoin, external_join, join
from plausch.mls.joiner import KeyPackageBundle
from plausch.mls.process import ExternalJoin
from plausch.mls.psk import KnownPsks, PreSharedKeyId
from plausch.mls.staged import StagedMessage
from plausch.mls.suite import MLS_256_XWING, SUITES, Suite, suite

TS_MLS_XWING = 83
"""The number by which ts-mls 1.6.4 calls our suite 0xF00D."""

LIFETIME_S = 14 * 86_400
RESTARTS = 0.15
JUNK = 0.3
NEW_KEYS = 0.15


def xwing_by_another_number() -> Suite:
    """X-Wing as the suite that ts-mls knows: the number goes into everything that is hashed."""
    xwing = SUITES[MLS_256_XWING]
    return Suite(TS_MLS_XWING, xwing.name, xwing.kem, xwing._kdf, xwing._aead, xwing.signature)


def judge(credential: Credential, signature_key: bytes, role: Role) -> None:
    """Every peer has a basic credential that begins with m."""
    if credential.type != BASIC or not credential.body.startswith(b"m"):
        raise CredentialRefused(f"{credential.body!r} is nobody in these tests ({role}).")


def allow_external(joining: ExternalJoin) -> None:
    """Everybody may enter from outside; nobody may take another's place."""
    if joining.replaces not in (None, replace(joining.newcomer, leaf_index=_leaf_of(joining))):
        raise CredentialRefused(f"{joining.newcomer} is not {joining.replaces}.")


def _leaf_of(joining: ExternalJoin) -> int:
    return -1 if joining.replaces is None else joining.replaces.leaf_index


def _extensions(wanted: Wanted) -> tuple[Extension, ...] | None:
    if wanted.required_credentials is None:
        return None
    required = RequiredCapabilities(credentials=wanted.required_credentials)
    return (Extension(REQUIRED_CAPABILITIES, required.to_bytes()),)


class OurPeer(Peer):
    """One device with plausch.mls and at most one group."""

    kind = "ours"
    can_psk = True
    can_external = True
    can_group_info = True
    can_update_proposal = True
    can_hide_handshakes = True
    can_extend = True

    def __init__(self, name: str, suite_id: int, rng: random.Random) -> None:
        super().__init__(name)
        self.suite_id = suite_id
        self.rng = rng
        self.signer_private, _ = suite(suite_id).signature_generate()
        self._next_signer = self.signer_private
        self.bundle: KeyPackageBundle | None = None
        self.group: Group | None = None
        self._entering: PendingExternalJoin | None = None
        self._psks: dict[bytes, bytes] = {}

    @property
    def credential(self) -> Credential:
        return Credential.basic(self.name.encode())

    @property
    def now_s(self) -> int:
        return int(time.time())  # the other implementations look at the machine's clock, too

    @property
    def psks(self) -> KnownPsks:
        return KnownPsks(external=self._psks)

    def key_package(self) -> bytes:
        made = KeyPackageBundle.create(
            self.suite_id, self.credential, self.signer_private, self.now_s, LIFETIME_S
        )
        self.bundle = KeyPackageBundle.load(made.save())
        return self.bundle.message

    def create(self, group_id: bytes) -> None:
        self.group = Group.create(
            self.suite_id,
            group_id,
            self.credential,
            self.signer_private,
            judge,
            now_s=self.now_s,
        )

    def join(self, welcome: bytes, tree: bytes | None) -> None:
        assert self.bundle is not None
        with self._ours_at_work():
            staged = join(
                welcome, self.bundle, judge, self.now_s, ratchet_tree=tree, psks=self.psks
            )
            self.group = staged.accept()
        self.bundle = None

    def external(self, group_info: bytes) -> bytes:
        return self._enter(group_info, None)

    def reenter(self, group_info: bytes, leaf: int) -> bytes:
        self.group = None
        return self._enter(group_info, leaf)

    def _enter(self, group_info: bytes, leaf: int | None) -> bytes:
        with self._ours_at_work():
            self._entering = external_join(
                group_info,
                self.credential,
                self.signer_private,
                judge,
                self.now_s,
                resync_leaf=leaf,
            )
        return self._entering.commit

    def commit(self, wanted: Wanted, *, publicly: bool = True) -> Committed:
        renewed = self.rng.random() < NEW_KEYS
        if renewed:
            self._next_signer, _ = suite(self.suite_id).signature_generate()
        tree_in_welcome = self.rng.random() < 0.7
        with self._ours_at_work():
            pending = self._group.commit(
                judge,
                self.now_s,
                adds=wanted.adds,
                removes=[target.leaf for target in wanted.removes],
                extensions=_extensions(wanted),
                inject=[self._psk(each) for each in wanted.psks],
                psks=self.psks,
                force_path=self.rng.random() < 0.5,
                identity=Identity(self._next_signer, self.credential) if renewed else None,
                private=not publicly,
                tree_in_welcome=tree_in_welcome,
                max_lifetime_s=None,
            )
        made = Committed(pending.commit, pending.welcome, not tree_in_welcome, renewed)
        self._maybe_restart()
        return made

    def accept(self) -> None:
        if self._entering is not None:
            self.group, self._entering = self._entering.accept(), None
            return
        pending = self._group.pending
        assert pending is not None
        pending.accept()
        self.signer_private = self._next_signer
        self._maybe_restart()

    def drop(self) -> None:
        pending = self._group.pending
        assert pending is not None
        self._next_signer = self.signer_private
        if self.rng.random() < 0.5:
            pending.drop()  # else it is dropped when the other commit is accepted

    def process(self, message: bytes) -> bytes | None:
        self._maybe_restart()
        if self.rng.random() < JUNK:
            self._feed_junk(message)
        with self._ours_at_work():
            staged = self._group.process(
                message,
                judge,
                self.now_s,
                psks=self.psks,
                allow_external=allow_external,
                max_lifetime_s=None,
            )
            accepted = staged.accept()
        self._maybe_restart()
        return accepted.plaintext if isinstance(staged, StagedMessage) else None

    def refuses(self, message: bytes) -> bool:
        """Whether a message that was taken already is refused now."""
        try:
            self._group.process(message, judge, self.now_s)
        except ProtocolError:
            return True
        return False

    def encrypt(self, plaintext: bytes) -> bytes:
        raw = self._group.encrypt(plaintext, self.rng.randbytes(self.rng.choice((0, 40))))
        self._maybe_restart()
        return raw

    def look(self) -> View:
        group = self._group
        return View(
            exported=group.export_secret(EXPORT_LABEL, EXPORT_CONTEXT, EXPORT_LENGTH),
            epoch=group.epoch,
            authenticator=group.epoch_authenticator,
            members=tuple(
                (member.leaf_index, member.credential.body.decode()) for member in group.members()
            ),
        )

    def propose_add(self, key_package: bytes) -> bytes:
        return self._group.propose_add(key_package)

    def propose_remove(self, target: Target) -> bytes:
        return self._group.propose_remove(target.leaf)

    def propose_update(self) -> bytes:
        raw = self._group.propose_update()
        self._maybe_restart()
        return raw

    def learn_psk(self, psk_id: bytes, secret: bytes) -> None:
        self._psks[psk_id] = secret

    def group_info(self) -> bytes:
        return self._group.group_info()

    def tree(self) -> bytes:
        return self._group.ratchet_tree()

    def restart(self) -> None:
        saved = self._group.save()
        self.group = Group.load(saved.epoch_state, saved.ratchet_state)

    def close(self) -> None:
        self.group = None

    @property
    def _group(self) -> Group:
        assert self.group is not None
        return self.group

    def _psk(self, psk: External) -> PreSharedKeyId:
        return PreSharedKeyId.external(psk.id, psk.nonce)

    def _maybe_restart(self) -> None:
        if self.group is not None and self.group.is_active and self.rng.random() < RESTARTS:
            self.restart()

    def _feed_junk(self, message: bytes) -> None:
        """One changed bit must be refused, and must leave no trace."""
        damaged = bytearray(message)
        damaged[self.rng.randrange(len(damaged))] ^= 1 << self.rng.randrange(8)
        before = self._group.save()
        assert self.refuses(bytes(damaged)), f"{self!r} took a damaged message: {damaged.hex()}"
        assert self._group.save() == before, f"{self!r} was changed by {damaged.hex()}"

    @contextmanager
    def _ours_at_work(self) -> Iterator[None]:
        try:
            yield
        except ProtocolError as error:
            raise PeerFailed(f"{self!r}: {error.code}: {error}") from error
