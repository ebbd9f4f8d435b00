"""Which debts are struck, and which one may go before another."""

import pytest

from plausch.base.errors import Fault, PlauschError
from plausch.base.ids import AccountAddress, ConversationId
from plausch.sdk.core import Live
from plausch.sdk.debts import (
    STALE_ATTEMPTS,
    Progress,
    intent_of,
    is_for_good,
    only_tidies,
    removal_behind,
)
from plausch.sdk.errors import IdentityChanged, NotParticipant, ServerRefused, TrustRefused
from plausch.sdk.membership import Intent
from plausch.sdk.vault.conversations import KeptConversation
from plausch.sdk.vault.outbox import Entry, EntryKind, new_idempotency_id

ROOM = ConversationId(b"r" * 16)
CEM = AccountAddress("cem", "localhost")

TIDY = Intent()
ADD = Intent(add=(CEM.uri,))
OPEN = Intent(add=(CEM.uri,), opening=True)
REMOVE = Intent(remove=(CEM.uri,))

NO = ServerRefused("No.", code="bad_commit", fault=Fault.LOCAL)
LATER = ServerRefused("Later.", code="rate_limited", fault=Fault.LOCAL, retry_after_ms=1)
FULL = ServerRefused("Full.", code="storage_unavailable", fault=Fault.OPERATOR)


def change(intent: Intent) -> Entry:
    return Entry(ROOM, EntryKind.CHANGE, None, new_idempotency_id(), intent.to_bytes())


def message() -> Entry:
    return Entry(ROOM, EntryKind.MESSAGE, None, new_idempotency_id(), b"not an intent")


def create() -> Entry:
    return Entry(ROOM, EntryKind.CREATE, None, new_idempotency_id(), b"")


@pytest.mark.parametrize(
    ("entry", "error", "struck"),
    [
        (message(), NO, True),
        (message(), LATER, False),
        (message(), FULL, False),
        (message(), TrustRefused("No."), False),
        (message(), IdentityChanged(CEM), False),
        (message(), NotParticipant("Out."), True),
        (change(ADD), NO, True),
        (change(ADD), LATER, True),
        (change(ADD), FULL, False),
        (change(ADD), TrustRefused("No."), True),
        (change(OPEN), TrustRefused("No."), False),
        (change(OPEN), LATER, False),
        (change(OPEN), NO, True),
        (change(REMOVE), TrustRefused("No."), False),
        (change(TIDY), LATER, False),
        (create(), NO, True),
    ],
)
def test_what_is_struck_and_what_is_tried_again(
    entry: Entry, error: PlauschError, struck: bool
) -> None:
    assert is_for_good(entry, error) is struck


def test_only_a_change_has_an_intent() -> None:
    assert intent_of(change(REMOVE)) == REMOVE
    assert intent_of(message()) == intent_of(create()) == TIDY
    assert [only_tidies(one) for one in (change(TIDY), change(ADD), message())] == [
        True,
        False,
        False,
    ]


def test_a_removal_goes_before_what_is_blocked_but_never_before_a_beginning() -> None:
    blocked, first, second = message(), change(REMOVE), change(REMOVE)
    both = change(Intent(add=(CEM.uri,), remove=(CEM.uri,)))
    waiting = [change(REMOVE), blocked, message(), both, first, second]
    assert removal_behind(blocked, waiting) is first
    assert removal_behind(first, waiting) is second
    assert removal_behind(second, waiting) is None
    for beginning in (create(), change(OPEN)):
        assert removal_behind(beginning, [beginning, change(REMOVE)]) is None


def test_patience_with_a_log_is_renewed_by_what_is_new_in_it() -> None:
    live = Live(KeptConversation(ROOM, "open", False, "", ()))
    progress = Progress(live)
    assert [progress.made() for _ in range(STALE_ATTEMPTS)] == [True] * 3 + [False]
    live.kept.cursor += 1
    assert [progress.made() for _ in range(STALE_ATTEMPTS)] == [True] * 4
