"""What a device has of one conversation, and what it still owes it: its vault, in short."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from plausch.wire import frames as f
from simulation.history import FIRST, Branch, History, Step
from simulation.virtual_loop import Violation

MESSAGE_BYTES = 96
HEAD_BYTES = 5 + 16 + 8 + 1
"""Of a PrivateMessage: version, wire format, group id, epoch, content type."""


@dataclass
class Owed:
    """Something that this device wants in the log once: a text, or a Commit about `target`."""

    name: str
    idempotency_id: bytes
    size_bytes: int = MESSAGE_BYTES
    target: str | None = None
    is_dropped: bool = False
    answer: tuple[int, int] | None = None
    """(seq, accepted_at_ms), once it was acknowledged."""

    sent: set[tuple[int, int, bytes]] = field(default_factory=set)
    """(epoch, kind, message) that were ever sent for it."""

    asked: set[int] = field(default_factory=set)
    """Requests under way on this connection."""


@dataclass
class View:
    """A conversation on a device."""

    device: str
    conversation: bytes
    history: History
    branch: Branch
    """Where the group is; of conversations without Commits the one they are in."""

    is_member: bool = True
    cursor: int = 1
    head: int = 1
    is_reading: bool = False
    shown: list[tuple[int, int, str, bytes]] = field(default_factory=list)
    """(seq, kind, sender, message), in the order in which they were shown."""

    joins: list[tuple[int, Step]] = field(default_factory=list)
    """Welcomes that came before this device had read that it was removed."""

    outbox: deque[Owed] = field(default_factory=deque)
    stale_epoch: int = -1
    """What was refused waits for this epoch."""

    fault: Callable[[str], None] = lambda sentence: None

    @property
    def epoch(self) -> int:
        return self.branch.epoch

    def message(self, owed: Owed) -> bytes:
        """The outside of an MLS PrivateMessage, and a name inside."""
        outside = b"\x00\x01\x00\x02\x10" + self.conversation
        outside += self.epoch.to_bytes(8, "big") + b"\x01"
        return (outside + owed.name.encode() + b"\x00").ljust(owed.size_bytes, b"\x00")

    def take(self, envelopes: list[f.Envelope]) -> bool:
        """Show what continues the log after the cursor; whether anything did."""
        before = self.cursor
        for envelope in envelopes:
            if envelope.seq <= self.cursor:
                continue
            if not self.is_member or envelope.seq != self.cursor + 1:
                break
            self._show(envelope)
        return self.cursor > before

    def join(self, seq: int, step: Step) -> None:
        """A Welcome: the stay begins after `seq`, once the earlier one is read to its end."""
        if self.is_member:
            self.joins.append((seq, step))
        else:
            self._enter(seq, step)

    def _show(self, envelope: f.Envelope) -> None:
        if envelope.epoch != self.epoch:
            self.fault(f"seq {envelope.seq} is of epoch {envelope.epoch}, not of {self.epoch}")
        self.cursor = envelope.seq
        self.shown.append((envelope.seq, envelope.kind, envelope.sender, envelope.message))
        if envelope.kind == f.COMMIT:
            self._follow(envelope.message)

    def _follow(self, commit: bytes) -> None:
        step = self.history.by_commit.get(commit)
        if step is None or step not in self.branch.steps.values():
            self.fault("a Commit is in the log that nobody made in this epoch")
            return
        self.branch = step.after
        if step.target == self.device:
            self.is_member = False
            self.outbox.clear()
            if self.joins:
                self._enter(*self.joins.pop(0))

    def _enter(self, seq: int, step: Step) -> None:
        self.branch, self.is_member = step.after, True
        self.cursor = max(self.cursor, seq)
        self.head = max(self.head, seq)
        self.stale_epoch = -1


def text_of(message: bytes) -> str:
    """The name inside a message."""
    return message[HEAD_BYTES:].partition(b"\x00")[0].decode()


def first_view(device: str, conversation: bytes, history: History) -> View:
    """A conversation at the beginning of a run: everybody has read the Commit that began it."""
    return View(device, conversation, history, history.root)


__all__ = ["FIRST", "Owed", "View", "Violation", "first_view", "text_of"]
