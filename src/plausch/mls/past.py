"""Epochs that are over, kept a while for messages that come late (RFC 9420 section 15.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from plausch.mls.epoch import Epoch, Member
from plausch.mls.errors import ValidationError
from plausch.mls.group_context import GroupContext
from plausch.mls.ratchet_tree import RatchetTree
from plausch.mls.secret_tree import SecretTree

PAST_EPOCHS_KEPT = 4
"""Epochs before the current one whose application messages can still be read (spec/mls.md)."""


@dataclass(slots=True, repr=False)
class PastEpoch:
    """What is needed to read a late message: keys, and who the senders were.

    `replaced` names the members as they were at leaves that have changed since; None where the
    leaf was blank. All others are in the current tree, so that nothing is kept twice.
    """

    context: GroupContext
    sender_data: bytes = field(repr=False)
    messages: SecretTree = field(repr=False)
    replaced: dict[int, Member | None]

    @classmethod
    def of(cls, epoch: Epoch, messages: SecretTree) -> "PastEpoch":
        """Retire an epoch: its handshake keys are forgotten at once."""
        messages.retire()
        return cls(epoch.context, epoch.secrets.sender_data, messages, {})

    def remember(self, before: Mapping[int, Member | None]) -> None:
        """Members whose leaves have just been replaced; the earliest memory counts."""
        for leaf_index, member in before.items():
            self.replaced.setdefault(leaf_index, member)

    def sender(self, leaf_index: int, current: RatchetTree) -> Member:
        """The member at a leaf in that epoch. Raises ValidationError `sender-leaf`."""
        if leaf_index in self.replaced:
            member = self.replaced[leaf_index]
        else:
            leaf = current.leaf(leaf_index)
            member = None if leaf is None else Member.of(leaf_index, leaf)
        if member is None:
            raise ValidationError(
                "sender-leaf", f"Leaf {leaf_index} was blank in epoch {self.context.epoch}."
            )
        return member
