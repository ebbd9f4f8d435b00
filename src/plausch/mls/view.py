"""Looking at a group: everything that changes nothing."""

from collections.abc import Mapping

from plausch.mls.epoch import Member
from plausch.mls.errors import GroupUsageError
from plausch.mls.extension import Extensions
from plausch.mls.framing import member
from plausch.mls.group_context import GroupContext
from plausch.mls.key_schedule import EXPORT_LIMIT_BYTES
from plausch.mls.proposal import Commit, Remove, Update
from plausch.mls.saved import GroupState
from plausch.mls.validation import ListedProposal


class GroupView:
    """The readable half of a Group."""

    def __init__(self, state: GroupState) -> None:
        """From a state that `create`, `join`, `load` or `external_join` has made."""
        self._state = state
        self._epoch_state: bytes | None = None

    @property
    def state(self) -> GroupState:
        """The inside, for the files of this room only."""
        return self._state

    @property
    def group_id(self) -> bytes:
        """The group's id."""
        return self._state.epoch.context.group_id

    @property
    def epoch(self) -> int:
        """The current epoch."""
        return self._state.epoch.number

    @property
    def suite_id(self) -> int:
        """The cipher suite's code point."""
        return self._state.epoch.suite.id

    @property
    def own_leaf(self) -> int:
        """This device's leaf index."""
        return self._state.epoch.own_leaf

    @property
    def context(self) -> GroupContext:
        """The public GroupContext of this epoch."""
        return self._state.epoch.context

    @property
    def extensions(self) -> Extensions:
        """The GroupContext's extensions."""
        return self._state.epoch.context.extensions

    @property
    def is_active(self) -> bool:
        """False once this device was removed: then nothing can be sent or received."""
        return self._state.active

    @property
    def has_ended(self) -> bool:
        """A ReInit was committed: the group continues in another one."""
        return self._state.epoch.ended

    @property
    def epoch_authenticator(self) -> bytes:
        """Equal for all members who agree on this epoch (RFC 9420 section 8.7)."""
        return self._state.epoch.secrets.authenticator

    @property
    def signature_key(self) -> bytes:
        """This device's public signature key in this group."""
        return self._state.epoch.leaf(self.own_leaf).signature_key

    def members(self) -> list[Member]:
        """All members with leaf index, credential and signature key, from the left."""
        return self._state.epoch.members()

    def member(self, leaf_index: int) -> Member:
        """The member at a leaf. Raises ValidationError `sender-leaf` when it is blank."""
        return Member.of(leaf_index, self._state.epoch.leaf(leaf_index))

    def export_secret(self, label: str, context: bytes, length: int) -> bytes:
        """MLS-Exporter: `length` secret bytes that all members of this epoch can derive.

        Raises GroupUsageError.
        """
        self._require_active()
        if not 1 <= length <= EXPORT_LIMIT_BYTES:
            raise GroupUsageError(f"An exported secret has 1 to {EXPORT_LIMIT_BYTES} bytes.")
        epoch = self._state.epoch
        return epoch.secrets.export(epoch.suite, label, context, length)

    def group_info(self, with_tree: bool = True) -> bytes:
        """An encoded GroupInfo for external commits. Raises GroupUsageError."""
        self._require_active()
        return self._state.epoch.group_info(with_tree, with_external_pub=True).to_message()

    def ratchet_tree(self) -> bytes:
        """The public tree, for a Welcome that was made without it."""
        return self._state.epoch.tree.to_bytes()

    @property
    def proposals(self) -> dict[bytes, ListedProposal]:
        """The proposals of this epoch by reference, in the order of their arrival."""
        listed = {}
        for reference, message in self._state.proposals.items():
            body = message.content.body
            if not isinstance(body, bytes | Commit):
                listed[reference] = ListedProposal(body, message.content.sender)
        return listed

    @property
    def must_commit(self) -> bool:
        """Whether a proposal waits that this device has to commit before it sends messages
        (RFC 9420 section 12.4): somebody may have to leave before more is said.
        """
        return any(
            not (item.sender == member(self.own_leaf) and isinstance(item.proposal, Update))
            and not (isinstance(item.proposal, Remove) and item.proposal.removed == self.own_leaf)
            for item in self.proposals.values()
        )

    def resumption_secrets(self) -> Mapping[tuple[bytes, int], bytes]:
        """Resumption secrets of this and the retained epochs, for a group that continues this
        one (`KnownPsks.resumption`)."""
        return {(self.group_id, epoch): key for epoch, key in self._state.resumption.items()}

    def _require_open(self) -> None:
        self._require_active()
        if self.has_ended:
            raise GroupUsageError("The group has ended by a ReInit; continue in the one after it.")

    def _require_active(self) -> None:
        if not self._state.active:
            raise GroupUsageError("This device was removed from the group.")
