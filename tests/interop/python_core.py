"""plausch.mls in this process."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from interop.core import LIFETIME_S, Belongings, Core, Manner, Place
from interop.peers import (
    EXPORT_CONTEXT,
    EXPORT_LABEL,
    EXPORT_LENGTH,
    External,
    PeerFailed,
    View,
    Wanted,
)
from plausch.mls.commit import Identity
from plausch.mls.credential import BASIC, Credential, CredentialRefused, Role
from plausch.mls.errors import ProtocolError
from plausch.mls.extension import REQUIRED_CAPABILITIES, Extension, RequiredCapabilities
from plausch.mls.group import Group, PendingExternalJoin, external_join, join
from plausch.mls.joiner import KeyPackageBundle
from plausch.mls.key_package import parse_key_package
from plausch.mls.process import ExternalJoin
from plausch.mls.psk import KnownPsks, PreSharedKeyId
from plausch.mls.staged import StagedMessage
from plausch.mls.suite import suite


def judge(credential: Credential, signature_key: bytes, role: Role) -> None:
    """Every peer has a basic credential that begins with m."""
    if credential.type != BASIC or not credential.body.startswith(b"m"):
        raise CredentialRefused(f"{credential.body.hex()} is nobody in these tests.")


def allow_external(joining: ExternalJoin) -> None:
    """Everybody may enter from outside; nobody may take another's place."""
    if joining.replaces not in (None, replace(joining.newcomer, leaf_index=_leaf_of(joining))):
        raise CredentialRefused("The newcomer is not whom it replaces.")


def _leaf_of(joining: ExternalJoin) -> int:
    return -1 if joining.replaces is None else joining.replaces.leaf_index


def _extensions(required: tuple[int, ...]) -> tuple[Extension, ...]:
    capabilities = RequiredCapabilities(credentials=required)
    return (Extension(REQUIRED_CAPABILITIES, capabilities.to_bytes()),)


class PythonCore(Core):
    """One device with plausch.mls."""

    kind = "ours"

    def __init__(self, name: str, suite_id: int) -> None:
        self.name = name
        self.suite_id = suite_id
        self.signer_private, _ = suite(suite_id).signature_generate()
        self._next_signer = self.signer_private
        self.bundle: KeyPackageBundle | None = None
        self.group: Group | None = None
        self._entering: PendingExternalJoin | None = None
        self._psks: dict[bytes, bytes] = {}

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        return self.group is not None and self.group.is_active

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
        with self._at_work():
            staged = join(
                welcome, self.bundle, judge, self.now_s, ratchet_tree=tree, psks=self.psks
            )
            self.group = staged.accept()
        self.bundle = None

    def enter(self, group_info: bytes, tree: bytes | None, leaf: int | None) -> bytes:
        self.group = None
        with self._at_work():
            self._entering = external_join(
                group_info,
                self.credential,
                self.signer_private,
                judge,
                self.now_s,
                resync_leaf=leaf,
                ratchet_tree=tree,
            )
        return self._entering.commit

    def renew(self) -> None:
        self._next_signer, _ = suite(self.suite_id).signature_generate()

    def commit(self, wanted: Wanted, manner: Manner) -> tuple[bytes, bytes]:
        required = wanted.required_credentials
        inject = [PreSharedKeyId.external(psk.id, psk.nonce) for psk in wanted.psks]
        if wanted.resumption:
            inject.append(self._group.resumption_psk(self._group.epoch))
        with self._at_work():
            pending = self._group.commit(
                judge,
                self.now_s,
                adds=wanted.adds,
                removes=[target.leaf for target in wanted.removes],
                extensions=None if required is None else _extensions(required),
                inject=inject,
                psks=self.psks,
                force_path=manner.force_path,
                identity=self._identity(manner.renewed),
                private=not manner.publicly,
                tree_in_welcome=manner.tree_in_welcome,
                max_lifetime_s=None,
            )
        return pending.commit, pending.welcome

    def accept(self) -> None:
        if self._entering is not None:
            self.group, self._entering = self._entering.accept(), None
            return
        pending = self._group.pending
        assert pending is not None
        pending.accept()
        self._follow_signer()

    def _identity(self, renewed: bool) -> Identity | None:
        return Identity(self._next_signer, self.credential) if renewed else None

    def _follow_signer(self) -> None:
        """Once the group has taken the new signature key, it is the device's."""
        if self._group.signature_key == suite(self.suite_id).signature_public_of(self._next_signer):
            self.signer_private = self._next_signer

    def drop(self, *, now: bool) -> None:
        pending = self._group.pending
        assert pending is not None
        self._next_signer = self.signer_private
        if now:
            pending.drop()

    def process(self, message: bytes) -> bytes | None:
        with self._at_work():
            staged = self._group.process(
                message,
                judge,
                self.now_s,
                psks=self.psks,
                allow_external=allow_external,
                max_lifetime_s=None,
            )
            accepted = staged.accept()
        if self.is_active:
            self._follow_signer()
        return accepted.plaintext if isinstance(staged, StagedMessage) else None

    def refusal(self, raw: bytes, place: Place, tree: bytes | None) -> str:
        before, why = self.save(), ""
        try:
            self._look_at(raw, place, tree)
        except ProtocolError as error:
            why = f"{error.code}: {error}"
        assert self.save() == before, f"{self.name} was changed by {raw.hex()}"
        return why

    def _look_at(self, raw: bytes, place: Place, tree: bytes | None) -> None:
        if place == "message":
            self._group.process(raw, judge, self.now_s)
        elif place == "welcome":
            assert self.bundle is not None
            join(raw, self.bundle, judge, self.now_s, ratchet_tree=tree, psks=self.psks)
        elif place == "groupInfo":
            signer = self.signer_private
            external_join(raw, self.credential, signer, judge, self.now_s, ratchet_tree=tree)
        else:
            parse_key_package(raw).validate(suite(self.suite_id), judge, self.now_s)

    def encrypt(self, plaintext: bytes, authenticated: bytes) -> bytes:
        return self._group.encrypt(plaintext, authenticated)

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

    def propose_add(self, key_package: bytes, *, publicly: bool) -> bytes:
        return self._group.propose_add(key_package, private=not publicly)

    def propose_remove(self, leaf: int, *, publicly: bool) -> bytes:
        return self._group.propose_remove(leaf, private=not publicly)

    def propose_update(self, *, publicly: bool, renewed: bool) -> bytes:
        identity = self._identity(renewed)
        return self._group.propose_update(identity=identity, private=not publicly)

    def propose_psk(self, psk: External, *, publicly: bool) -> bytes:
        used = PreSharedKeyId.external(psk.id, psk.nonce)
        return self._group.propose_psk(used, private=not publicly)

    def propose_extensions(self, required: tuple[int, ...], *, publicly: bool) -> bytes:
        return self._group.propose_context_extensions(_extensions(required), private=not publicly)

    def learn_psk(self, psk_id: bytes, secret: bytes) -> None:
        self._psks[psk_id] = secret

    def group_info(self, *, with_tree: bool) -> bytes:
        return self._group.group_info(with_tree=with_tree)

    def tree(self) -> bytes:
        return self._group.ratchet_tree()

    def restart(self) -> None:
        saved = self._group.save()
        self._load_group(saved.epoch_state, saved.ratchet_state)

    def save(self) -> Belongings:
        saved = None if self.group is None else self.group.save()
        return Belongings(
            self.signer_private,
            self._next_signer,
            dict(self._psks),
            None if self.bundle is None else self.bundle.save(),
            None if saved is None else saved.epoch_state,
            None if saved is None else saved.ratchet_state,
        )

    def load(self, belongings: Belongings) -> None:
        self.signer_private = belongings.signer
        self._next_signer = belongings.next_signer
        self._psks = dict(belongings.psks)
        if belongings.bundle is not None:
            self.bundle = KeyPackageBundle.load(belongings.bundle)
        if belongings.epoch_state is not None and belongings.ratchet_state is not None:
            self._load_group(belongings.epoch_state, belongings.ratchet_state)

    def _load_group(self, epoch_state: bytes, ratchet_state: bytes) -> None:
        self.group = Group.load(epoch_state, ratchet_state)
        again = self.group.save()
        assert (again.epoch_state, again.ratchet_state) == (epoch_state, ratchet_state)

    def close(self) -> None:
        self.group = None

    @property
    def _group(self) -> Group:
        assert self.group is not None
        return self.group

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        try:
            yield
        except ProtocolError as error:
            raise PeerFailed(f"{self.name}({self.kind}): {error.code}: {error}") from error
