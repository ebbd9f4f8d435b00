"""What sort of debt an entry of the outbox is, and what an error means for it."""

from collections.abc import Sequence

from plausch.base.errors import Fault, PlauschError
from plausch.sdk.core import Live
from plausch.sdk.errors import SdkError, ServerRefused
from plausch.sdk.membership import Intent
from plausch.sdk.vault.outbox import Entry, EntryKind

STALE_ATTEMPTS = 4
"""Refusals as stale without anything new in the log, after which the log counts as torn."""


class Progress:
    """Whether a log has moved since we last looked; patient a few times."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._cursor = live.kept.cursor
        self._left = STALE_ATTEMPTS

    def made(self) -> bool:
        """False when nothing new was seen too often."""
        if self._live.kept.cursor > self._cursor:
            self._cursor, self._left = self._live.kept.cursor, STALE_ATTEMPTS
        else:
            self._left -= 1
        return self._left > 0


def intent_of(entry: Entry) -> Intent:
    """What shall change; nothing, unless it is a change."""
    return Intent.from_bytes(entry.intent) if entry.kind is EntryKind.CHANGE else Intent()


def only_tidies(entry: Entry) -> bool:
    """Whether what waits before this entry may be sent in the epoch that it leads to."""
    return entry.kind is EntryKind.CHANGE and intent_of(entry) == Intent()


def removal_behind(entry: Entry, entries: Sequence[Entry]) -> Entry | None:
    """The next entry behind this one that only removes somebody. It may be what a blocked message
    waits for, and nothing is read by more people when it goes first. None goes before a beginning.
    """
    if entry.kind is EntryKind.CREATE or intent_of(entry).opening:
        return None
    behind = entries[[one.idempotency_id for one in entries].index(entry.idempotency_id) + 1 :]
    removals = (one for one in behind if intent_of(one).remove and not intent_of(one).add)
    return next(removals, None)


def is_for_good(entry: Entry, error: PlauschError) -> bool:
    """Whether an entry that met this error is struck, and whoever waits for it is told why.

    An addition, or a change of admins, that cannot be made now is not kept: nobody's message shall
    wait for a key package that may never come. It is asked for again by whoever wants it.
    """
    if isinstance(error, SdkError):
        return True
    if error.fault is Fault.OPERATOR:
        return False
    intent = intent_of(entry)
    if (intent.add or intent.promote or intent.demote) and not intent.opening:
        return True
    return isinstance(error, ServerRefused) and error.retry_after_ms == 0
