"""Players for the tests of groups: named devices, a judge who knows them, and their group."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from plausch.mls.commit import Identity
from plausch.mls.credential import PLAUSCH, Credential, Role
from plausch.mls.epoch import Circumstances
from plausch.mls.errors import CredentialRefused, ValidationError
from plausch.mls.extension import Extensions
from plausch.mls.framing import (
    AuthenticatedContent,
    FramedContent,
    Sender,
    WireFormat,
    member,
)
from plausch.mls.group import Group, PendingCommit, join
from plausch.mls.joiner import KeyPackageBundle
from plausch.mls.process import ExternalJoin
from plausch.mls.proposal import Commit, Proposal, ProposalRef
from plausch.mls.protection import protect_public, sign_content
from plausch.mls.psk import NO_PSKS, KnownPsks
from plausch.mls.saved import SavedGroup
from plausch.mls.staged import ReceivedMessage, StagedCommit, StagedMessage, StagedProposal
from plausch.mls.suite import SUITES, suite
from plausch.mls.update_path import UpdatePath

NOW_S = 1_800_000_000
DAY_S = 86_400
GROUP_ID = b"sixteen byte grp"
ALL_SUITES = sorted(SUITES)


@contextmanager
def untouched(*players: "Player") -> Iterator[None]:
    """What happens inside changes nobody's state, not by a byte."""
    before = [player.group.save() for player in players]
    yield
    assert [player.group.save() for player in players] == before


def refused(check: str, step: Callable[[], object]) -> None:
    """`step` fails by the named check."""
    with pytest.raises(ValidationError) as caught:
        step()
    assert caught.value.check == check


@dataclass
class Judge:
    """Accepts exactly the credentials it was told of, with exactly their keys."""

    known: dict[bytes, set[bytes]] = field(default_factory=dict)
    asked: list[tuple[bytes, Role]] = field(default_factory=list)

    def learn(self, credential: Credential, signature_key: bytes) -> None:
        self.known.setdefault(credential.body, set()).add(signature_key)

    def __call__(self, credential: Credential, signature_key: bytes, role: Role) -> None:
        self.asked.append((credential.body, role))
        if signature_key not in self.known.get(credential.body, ()):
            raise CredentialRefused(f"{credential.body!r} does not have this key.")


@dataclass
class Player:
    """One device: its name, keys, key packages, and its group once it is in one."""

    name: str
    suite_id: int
    judge: Judge
    credential: Credential
    signer: bytes
    signature_key: bytes
    group: Group = field(init=False)

    @classmethod
    def make(cls, name: str, suite_id: int, judge: Judge) -> "Player":
        signer, signature_key = suite(suite_id).signature_generate()
        credential = Credential(PLAUSCH, name.encode())
        judge.learn(credential, signature_key)
        return cls(name, suite_id, judge, credential, signer, signature_key)

    def bundle(self, **changes: Any) -> KeyPackageBundle:
        fields: dict[str, Any] = {"now_s": NOW_S, "lifetime_s": 30 * DAY_S, **changes}
        return KeyPackageBundle.create(self.suite_id, self.credential, self.signer, **fields)

    def found(self, extensions: Extensions = (), group_id: bytes = GROUP_ID) -> Group:
        self.group = Group.create(
            self.suite_id,
            group_id,
            self.credential,
            self.signer,
            self.judge,
            now_s=NOW_S,
            extensions=extensions,
        )
        return self.group

    def join(self, welcome: bytes, bundle: KeyPackageBundle, **options: Any) -> Group:
        self.group = join(welcome, bundle, self.judge, NOW_S, **options).accept()
        return self.group

    def commit(self, **changes: Any) -> PendingCommit:
        return self.group.commit(self.judge, NOW_S, **changes)

    def stage(
        self, raw: bytes, now_s: int = NOW_S, **options: Any
    ) -> StagedMessage | StagedProposal | StagedCommit:
        return self.group.process(raw, self.judge, now_s, **options)

    def stage_commit(self, raw: bytes, **options: Any) -> StagedCommit:
        staged = self.stage(raw, **options)
        assert isinstance(staged, StagedCommit)
        return staged

    def follow(self, raw: bytes, **options: Any) -> None:
        staged = self.stage(raw, **options)
        assert isinstance(staged, StagedCommit | StagedProposal)
        staged.accept()

    def read(self, raw: bytes) -> ReceivedMessage:
        staged = self.stage(raw)
        assert isinstance(staged, StagedMessage)
        return staged.accept()

    def new_identity(self) -> Identity:
        signer, signature_key = suite(self.suite_id).signature_generate()
        self.judge.learn(self.credential, signature_key)
        return Identity(signer, self.credential)

    def restart(self, saved: SavedGroup | None = None) -> None:
        chosen = saved or self.group.save()
        self.group = Group.load(chosen.epoch_state, chosen.ratchet_state)

    # -- forging: what a modified client could send with this device's real keys

    def frame(
        self,
        body: bytes | Proposal | Commit,
        sender: Sender | None = None,
        *,
        signer: bytes | None = None,
        tag: bytes = b"",
        epoch: int | None = None,
        group_id: bytes | None = None,
    ) -> bytes:
        """A PublicMessage with any content; signature and membership tag are right."""
        state = self.group.state.epoch
        content = FramedContent.of(
            self.group.group_id if group_id is None else group_id,
            self.group.epoch if epoch is None else epoch,
            member(self.group.own_leaf) if sender is None else sender,
            b"",
            body,
        )
        context = state.context.encoded
        signature = sign_content(
            state.suite, signer or self.signer, WireFormat.PUBLIC_MESSAGE, content, context
        )
        message = AuthenticatedContent(WireFormat.PUBLIC_MESSAGE, content, signature, tag)
        key = state.secrets.membership_key
        return protect_public(state.suite, key, message, context).to_message()

    def forge(
        self,
        proposals: Iterable[Proposal | ProposalRef],
        path: UpdatePath | None = None,
        sender: Sender | None = None,
    ) -> bytes:
        """A Commit of any proposals; its confirmation tag is wrong, so earlier checks matter."""
        tag = bytes(suite(self.suite_id).hash_length)
        return self.frame(Commit(tuple(proposals), path), sender, tag=tag)

    def around(self, psks: KnownPsks = NO_PSKS) -> Circumstances:
        return Circumstances(self.judge, NOW_S, psks)


def welcome_anybody(request: ExternalJoin) -> None:
    """The policy that lets every external commit pass."""


@dataclass
class Scene:
    """Players in one group; what one commits, all others follow."""

    players: dict[str, Player]
    judge: Judge
    suite_id: int

    @classmethod
    def of(cls, *names: str, suite_id: int = 1, extensions: Extensions = ()) -> "Scene":
        """All of `names` in one group that the first one has made."""
        judge = Judge()
        scene = cls({}, judge, suite_id)
        first = scene.newcomer(names[0])
        first.found(extensions)
        scene.players[first.name] = first
        if names[1:]:
            scene.add(first, [scene.newcomer(name) for name in names[1:]])
        return scene

    def __getitem__(self, name: str) -> Player:
        return self.players[name]

    def newcomer(self, name: str) -> Player:
        """A device the judge knows, in no group."""
        return Player.make(name, self.suite_id, self.judge)

    def others(self, player: Player) -> list[Player]:
        return [other for other in self.players.values() if other is not player]

    def deliver(self, sender: Player, raw: bytes, **options: Any) -> None:
        """A handshake message reaches all but its sender."""
        for other in self.others(sender):
            other.follow(raw, **options)

    def commit(self, player: Player, **changes: Any) -> PendingCommit:
        """Commit, deliver, accept; removed players leave the scene."""
        pending = player.commit(**changes)
        self.deliver(player, pending.commit, psks=changes.get("psks", NO_PSKS))
        pending.accept()
        for name in [one.name for one in self.players.values() if not one.group.is_active]:
            del self.players[name]
        return pending

    def add(self, by: Player, newcomers: Sequence[Player], **changes: Any) -> PendingCommit:
        """Add devices by a commit and let them join by its Welcome."""
        bundles = [one.bundle() for one in newcomers]
        pending = self.commit(by, adds=[item.message for item in bundles], **changes)
        options = {"psks": changes["psks"]} if "psks" in changes else {}
        if changes.get("tree_in_welcome") is False:
            options["ratchet_tree"] = by.group.ratchet_tree()
        for one, bundle in zip(newcomers, bundles, strict=True):
            one.join(pending.welcome, bundle, **options)
            self.players[one.name] = one
        return pending

    def agree(self) -> bytes:
        """Everybody is in the same epoch with the same secrets and members."""
        groups = [player.group for player in self.players.values()]
        views = {
            (
                group.epoch,
                group.epoch_authenticator,
                group.export_secret("agree", b"test", 32),
                group.context.encoded,
                group.ratchet_tree(),
            )
            for group in groups
        }
        assert len(views) == 1
        assert {item.credential.body.decode() for item in groups[0].members()} == set(self.players)
        return groups[0].epoch_authenticator

    def chat(self) -> None:
        """Everybody says something that everybody else reads."""
        for player in self.players.values():
            said = f"{player.name} in {player.group.epoch}".encode()
            raw = player.group.encrypt(said)
            for other in self.others(player):
                message = other.read(raw)
                assert message.plaintext == said
                assert message.credential == player.credential
