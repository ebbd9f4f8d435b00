"""What processing yields: nothing has changed until the caller accepts it.

Each result is accepted at most once, and only while the group is in the epoch it was made for.
To drop one, forget it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from plausch.mls.credential import Credential
from plausch.mls.epoch import Member
from plausch.mls.extension import Extensions
from plausch.mls.framing import Sender
from plausch.mls.proposal import Proposal
from plausch.mls.validation import ListedProposal


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """An application message: who sent it, in which epoch, what it says."""

    sender_leaf: int
    credential: Credential
    signature_key: bytes
    plaintext: bytes = field(repr=False)
    authenticated: bytes
    """Data that travelled in the clear but is signed and bound to the message."""
    epoch: int


@dataclass(frozen=True, slots=True)
class StagedMessage:
    """An application message that has opened; its key is deleted when it is accepted."""

    sender: Member
    epoch: int
    _accept: Callable[[], ReceivedMessage] = field(repr=False)

    def accept(self) -> ReceivedMessage:
        """Delete the message's key and hand the content out.

        Raises ValidationError `generation-unused` when the same message was accepted meanwhile.
        """
        return self._accept()


@dataclass(frozen=True, slots=True)
class StagedProposal:
    """A valid proposal, which a Commit may refer to once it is accepted."""

    proposal: Proposal
    sender: Sender
    member: Member | None
    """The proposer, None when it is no member."""
    reference: bytes
    authenticated: bytes
    _accept: Callable[[], None] = field(repr=False)

    def accept(self) -> None:
        """Keep it for a Commit. Raises GroupUsageError when the epoch is over."""
        self._accept()


@dataclass(frozen=True, slots=True)
class StagedCommit:
    """A valid Commit and what it would do."""

    epoch: int
    """The epoch that accepting leads to."""
    sender: Member
    """The committer, as in the new epoch (or, when it removes this device, as before)."""
    added: tuple[Member, ...]
    removed: tuple[Member, ...]
    updated: tuple[tuple[Member, Member], ...]
    """Members whose leaf was replaced: before and after. The application decides whether a
    changed credential still is the same device."""
    extensions: Extensions
    """The GroupContext's extensions afterwards."""
    is_self_removed: bool
    is_external: bool
    """Somebody joined by this Commit without being added."""
    is_own: bool
    """It is this device's pending Commit, come back from the delivery service."""
    ends_group: bool
    """A ReInit: the group continues elsewhere."""
    authenticated: bytes
    proposals: tuple[ListedProposal, ...]
    """What it does, with who proposed it; empty for this device's own."""
    _accept: Callable[[], None] = field(repr=False)

    def accept(self) -> None:
        """Move the group to the next epoch. Raises GroupUsageError when its epoch is over."""
        self._accept()
