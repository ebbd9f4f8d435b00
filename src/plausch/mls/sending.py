"""A member's messages and proposals on their way out (RFC 9420 sections 6, 12.1)."""

from plausch.mls.commit import Identity, make_update, parse_key_packages
from plausch.mls.errors import GroupUsageError
from plausch.mls.extension import Extensions
from plausch.mls.framing import (
    AuthenticatedContent,
    Body,
    FramedContent,
    WireFormat,
    member,
)
from plausch.mls.key_package import KeyPackage
from plausch.mls.process import OwnUpdate
from plausch.mls.proposal import (
    Add,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ReInit,
    Remove,
)
from plausch.mls.protection import protect_private, protect_public, sign_content
from plausch.mls.psk_id import PreSharedKeyId
from plausch.mls.view import GroupView


class GroupSender(GroupView):
    """The half of a Group that sends, Commits apart."""

    def encrypt(self, plaintext: bytes, authenticated: bytes = b"") -> bytes:
        """An encoded PrivateMessage, padded; `authenticated` travels readable but bound to it.

        The ratchet has moved on when this returns: save `ratchet_state` before sending.
        Raises GroupUsageError, with code `mls_commit_first` while `must_commit`.
        """
        self._require_open()
        if self.must_commit:
            raise GroupUsageError(
                "Proposals are waiting: commit them before sending a message.",
                code="mls_commit_first",
            )
        return self._frame(plaintext, authenticated, WireFormat.PRIVATE_MESSAGE)[1]

    def propose_add(self, key_package: bytes | KeyPackage, *, private: bool = False) -> bytes:
        """Propose to add a device; committed by whoever commits next. Raises CodecError."""
        (parsed,) = parse_key_packages([key_package])
        return self._propose(Add(parsed), private)

    def propose_update(self, *, identity: Identity | None = None, private: bool = False) -> bytes:
        """Propose fresh keys for this device, and with `identity` a new signature key."""
        self._require_active()
        proposal, encryption_private, signer_private = make_update(self._state.epoch, identity)
        own = OwnUpdate(encryption_private, signer_private)
        self._state.own_updates[proposal.leaf_node.encryption_key] = own
        return self._propose(proposal, private)

    def propose_remove(self, leaf_index: int, *, private: bool = False) -> bytes:
        """Propose to remove a member; one's own leaf means: I want to leave."""
        self.member(leaf_index)
        return self._propose(Remove(leaf_index), private)

    def propose_psk(self, psk: PreSharedKeyId, *, private: bool = False) -> bytes:
        """Propose to mix a pre-shared key in."""
        return self._propose(PreSharedKey(psk), private)

    def propose_reinit(self, reinit: ReInit, *, private: bool = False) -> bytes:
        """Propose to end this group in favour of another one."""
        return self._propose(reinit, private)

    def propose_context_extensions(self, extensions: Extensions, *, private: bool = False) -> bytes:
        """Propose to replace the GroupContext's extensions."""
        return self._propose(GroupContextExtensions(extensions), private)

    def _propose(self, proposal: Proposal, private: bool) -> bytes:
        self._require_open()
        wire = WireFormat.PRIVATE_MESSAGE if private else WireFormat.PUBLIC_MESSAGE
        message, raw = self._frame(proposal, b"", wire)
        self._state.proposals[message.reference(self._state.epoch.suite)] = message
        self._epoch_state = None
        return raw

    def _frame(
        self, body: Body, authenticated: bytes, wire: WireFormat
    ) -> tuple[AuthenticatedContent, bytes]:
        epoch = self._state.epoch
        context = epoch.context.encoded
        content = FramedContent.of(
            self.group_id, epoch.number, member(self.own_leaf), authenticated, body
        )
        signature = sign_content(epoch.suite, epoch.signer_private, wire, content, context)
        message = AuthenticatedContent(wire, content, signature)
        return message, self._protect(message)

    def _protect(self, message: AuthenticatedContent) -> bytes:
        epoch = self._state.epoch
        if message.wire_format == WireFormat.PRIVATE_MESSAGE:
            return protect_private(
                epoch.suite, epoch.secrets.sender_data, self._state.messages, message
            ).to_message()
        key, context = epoch.secrets.membership_key, epoch.context.encoded
        return protect_public(epoch.suite, key, message, context).to_message()
