"""From a received MLSMessage to a staged result (RFC 9420 sections 6, 12.1, 12.4.2).

Order of checks: address (group, epoch), proof of membership or decryption, signature, then the
content. No step changes anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from plausch.mls.epoch import Circumstances, Epoch, Member, NextEpoch
from plausch.mls.errors import GroupUsageError, ValidationError, require
from plausch.mls.extension import external_senders
from plausch.mls.framing import (
    AuthenticatedContent,
    ContentType,
    PrivateMessage,
    PublicMessage,
    Sender,
    SenderType,
    WireFormat,
    open_message,
)
from plausch.mls.group_context import GroupContext
from plausch.mls.process import AllowExternal, Pending, process_commit, surroundings
from plausch.mls.proposal import Add, Commit
from plausch.mls.protection import check_membership_tag, open_private, verify_content
from plausch.mls.saved import GroupState, PendingState
from plausch.mls.secret_tree import Opening, SecretTree
from plausch.mls.staged import ReceivedMessage, StagedCommit, StagedMessage, StagedProposal
from plausch.mls.validation import ListedProposal, check_alone, resolve

PROPOSALS_LIMIT = 1_000
"""Proposals kept in one epoch: one for every member of the largest conversation."""

PROPOSALS_BYTES_LIMIT = 1 << 24
"""Bytes of all of them together: 16 MiB, as for a ratchet tree."""


class Owner(Protocol):
    """The group that staged results change when they are accepted."""

    @property
    def state(self) -> GroupState:
        """What the group is now."""
        ...

    def keep_proposal(self, message: AuthenticatedContent, reference: bytes) -> None:
        """A proposal was accepted."""
        ...

    def move_to(self, following: NextEpoch) -> None:
        """A Commit was accepted."""
        ...

    def leave(self) -> None:
        """A Commit that removes this device was accepted."""
        ...


@dataclass(frozen=True, slots=True)
class Receiver:
    """One message's way through the checks."""

    state: GroupState
    pending: Pending
    around: Circumstances
    allow_external: AllowExternal | None

    def stage(self, raw: bytes, owner: Owner) -> StagedMessage | StagedProposal | StagedCommit:
        """The staged result of an encoded MLSMessage. Raises ProtocolError."""
        own = self.state.pending
        if own is not None and raw == own.commit:
            return self._stage_own_commit(own, owner)
        wire_format, reader = open_message(
            raw, WireFormat.PRIVATE_MESSAGE, WireFormat.PUBLIC_MESSAGE
        )
        if wire_format == WireFormat.PUBLIC_MESSAGE:
            public = PublicMessage.read(reader)
            reader.finish()
            return self._stage_handshake(self._open_public(public), None, owner)
        private = PrivateMessage.read(reader)
        reader.finish()
        if private.content_type == ContentType.APPLICATION:
            return self._stage_application(private, owner)
        context = self.state.epoch.context
        _check_address(private.group_id, private.epoch, context)
        secrets = self.state.epoch.secrets
        message, opening = open_private(
            self.state.epoch.suite, secrets.sender_data, self.state.messages, private
        )
        sender = self.state.epoch.leaf(message.content.sender.index)
        verify_content(self.state.epoch.suite, sender.signature_key, message, context.encoded)
        return self._stage_handshake(message, opening, owner)

    # -- application messages

    def _stage_application(self, private: PrivateMessage, owner: Owner) -> StagedMessage:
        context, sender_data, messages = self._keys_of(private)
        suite = self.state.epoch.suite
        message, opening = open_private(suite, sender_data, messages, private)
        sender = self._sender_of(private.epoch, message.content.sender.index)
        verify_content(suite, sender.signature_key, message, context.encoded)
        plaintext = message.content.application

        def accept() -> ReceivedMessage:
            _require_retained(owner, messages)
            messages.consume(opening)
            return ReceivedMessage(
                sender.leaf_index,
                sender.credential,
                sender.signature_key,
                plaintext,
                private.authenticated,
                private.epoch,
            )

        return StagedMessage(sender, private.epoch, accept)

    def _keys_of(self, private: PrivateMessage) -> tuple[GroupContext, bytes, SecretTree]:
        """The context and keys of the message's epoch, which may be past."""
        epoch = self.state.epoch
        for past in self.state.past:
            if private.epoch == past.context.epoch:
                _check_address(private.group_id, private.epoch, past.context)
                return past.context, past.sender_data, past.messages
        _check_address(private.group_id, private.epoch, epoch.context)
        return epoch.context, epoch.secrets.sender_data, self.state.messages

    def _sender_of(self, number: int, leaf_index: int) -> Member:
        for past in self.state.past:
            if number == past.context.epoch:
                return past.sender(leaf_index, self.state.epoch.tree)
        return Member.of(leaf_index, self.state.epoch.leaf(leaf_index))

    # -- handshake messages

    def _open_public(self, public: PublicMessage) -> AuthenticatedContent:
        message, epoch = public.authenticated, self.state.epoch
        content, context = message.content, epoch.context.encoded
        _check_address(content.group_id, content.epoch, epoch.context)
        require(
            content.content_type != ContentType.APPLICATION,
            "public-application",
            "An application message arrived unencrypted.",
        )
        check_membership_tag(epoch.suite, epoch.secrets.membership_key, public, context)
        verify_content(epoch.suite, self._public_sender_key(message), message, context)
        return message

    def _public_sender_key(self, message: AuthenticatedContent) -> bytes:
        sender, body = message.content.sender, message.content.body
        if sender.type == SenderType.MEMBER:
            return self.state.epoch.leaf(sender.index).signature_key
        if sender.type == SenderType.EXTERNAL:
            return self._external_sender_key(sender)
        if sender.type == SenderType.NEW_MEMBER_PROPOSAL and isinstance(body, Add):
            return body.key_package.leaf_node.signature_key
        if sender.type == SenderType.NEW_MEMBER_COMMIT and isinstance(body, Commit):
            if body.path is None:
                raise ValidationError("path-required", "An external commit has no update path.")
            return body.path.leaf_node.signature_key
        raise ValidationError(
            "proposal-sender", f"A sender of type {sender.type.name} may not send this."
        )

    def _external_sender_key(self, sender: Sender) -> bytes:
        allowed = external_senders(self.state.epoch.context.extensions)
        if sender.index >= len(allowed):
            raise ValidationError(
                "external-sender",
                f"External sender {sender.index} is not among those the group allows.",
            )
        chosen = allowed[sender.index]
        self.around.judge(chosen.credential, chosen.signature_key, "external_sender")
        return chosen.signature_key

    def _stage_handshake(
        self, message: AuthenticatedContent, opening: Opening | None, owner: Owner
    ) -> StagedProposal | StagedCommit:
        if isinstance(message.content.body, Commit):
            return self._stage_commit(message, owner)
        return self._stage_proposal(message, opening, owner)

    def _stage_proposal(
        self, message: AuthenticatedContent, opening: Opening | None, owner: Owner
    ) -> StagedProposal:
        proposal, sender = message.content.body, message.content.sender
        if isinstance(proposal, bytes | Commit):
            raise ValidationError("proposal-content", "The message is no proposal.")
        epoch = self.state.epoch
        check_alone(proposal, sender, surroundings(epoch, self.around, "added"))
        reference = message.reference(epoch.suite)
        self._check_room(message)
        proposer = None
        if sender.type == SenderType.MEMBER:
            proposer = Member.of(sender.index, epoch.leaf(sender.index))

        def accept() -> None:
            _require_epoch(owner, epoch)
            if opening is not None:
                owner.state.messages.consume(opening)
            owner.keep_proposal(message, reference)

        return StagedProposal(
            proposal, sender, proposer, reference, message.content.authenticated, accept
        )

    def _check_room(self, message: AuthenticatedContent) -> None:
        """`proposals-limit`: what is kept for a Commit stays small enough to be saved."""
        kept = self.state.proposals.values()
        size = sum(len(item.content.encoded) for item in kept) + len(message.content.encoded)
        require(
            len(kept) < PROPOSALS_LIMIT and size <= PROPOSALS_BYTES_LIMIT,
            "proposals-limit",
            f"More than {PROPOSALS_LIMIT} proposals or {PROPOSALS_BYTES_LIMIT} bytes of them "
            "in one epoch.",
        )

    def _stage_commit(self, message: AuthenticatedContent, owner: Owner) -> StagedCommit:
        epoch, sender = self.state.epoch, message.content.sender
        require(
            sender.type in (SenderType.MEMBER, SenderType.NEW_MEMBER_COMMIT),
            "commit-sender",
            f"A Commit comes from a sender of type {sender.type.name}.",
        )
        require(
            sender != Sender(SenderType.MEMBER, epoch.own_leaf),
            "own-commit",
            "A Commit of this device that it does not know: its state was set back, "
            "or somebody else uses its keys.",
        )
        require(not epoch.ended, "group-ended", "A Commit follows the one that ended the group.")
        following = process_commit(epoch, message, self.pending, self.around, self.allow_external)

        def accept() -> None:
            _require_epoch(owner, epoch)
            if following is None:
                owner.leave()
            else:
                owner.move_to(following)

        listed = _listed(message, self.pending)
        if following is None:
            return _describe_removal(epoch, message, listed, accept)
        authenticated = message.content.authenticated
        return _describe(following, authenticated, listed, accept, own=False)

    def _stage_own_commit(self, own: PendingState, owner: Owner) -> StagedCommit:
        epoch = self.state.epoch

        def accept() -> None:
            _require_epoch(owner, epoch)
            if owner.state.pending is not own:
                raise GroupUsageError(
                    "This commit was dropped since it was processed: it cannot be accepted."
                )
            owner.move_to(own.following)

        return _describe(own.following, b"", (), accept, own=True)


def _listed(message: AuthenticatedContent, pending: Pending) -> tuple[ListedProposal, ...]:
    """The proposals of a Commit that was processed."""
    commit = message.content.body
    if not isinstance(commit, Commit):
        raise ValidationError("commit-content", "The message is no Commit.")
    return tuple(resolve(commit, message.content.sender, pending.proposals))


def _describe_removal(
    epoch: Epoch,
    message: AuthenticatedContent,
    listed: tuple[ListedProposal, ...],
    accept: Callable[[], None],
) -> StagedCommit:
    """A Commit that removes this device, which therefore cannot see where it leads."""
    sender = message.content.sender
    gone = epoch.member(epoch.own_leaf)
    external = sender.type == SenderType.NEW_MEMBER_COMMIT
    return StagedCommit(
        epoch=epoch.number + 1,
        sender=gone if external else epoch.member(sender.index),
        added=(),
        removed=(gone,),
        updated=(),
        extensions=epoch.context.extensions,
        is_self_removed=True,
        is_external=external,
        is_own=False,
        ends_group=False,
        authenticated=message.content.authenticated,
        proposals=listed,
        _accept=accept,
    )


def _describe(
    following: NextEpoch,
    authenticated: bytes,
    listed: tuple[ListedProposal, ...],
    accept: Callable[[], None],
    own: bool,
) -> StagedCommit:
    """What a Commit would do."""
    after, change = following.epoch, following.change
    return StagedCommit(
        epoch=after.number,
        sender=after.member(change.committer),
        added=tuple([after.member(leaf_index) for leaf_index in change.added]),
        removed=change.removed,
        updated=tuple([(item, after.member(item.leaf_index)) for item in change.updated]),
        extensions=after.context.extensions,
        is_self_removed=False,
        is_external=change.committer in change.added,
        is_own=own,
        ends_group=after.ended,
        authenticated=authenticated,
        proposals=listed,
        _accept=accept,
    )


def _check_address(group_id: bytes, epoch: int, context: GroupContext) -> None:
    require(group_id == context.group_id, "group-id", "The message is for another group.")
    require(
        epoch == context.epoch,
        "epoch",
        f"The message is for epoch {epoch}; this device is in epoch {context.epoch}.",
    )


def _require_epoch(owner: Owner, epoch: Epoch) -> None:
    if owner.state.epoch is not epoch:
        raise GroupUsageError("The group has moved on since this was processed: process it again.")


def _require_retained(owner: Owner, messages: SecretTree) -> None:
    state = owner.state
    if messages is not state.messages and all(messages is not past.messages for past in state.past):
        raise GroupUsageError(
            "The epoch of this message was deleted since it was processed: it cannot be accepted."
        )
