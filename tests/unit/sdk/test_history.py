"""Folding: edits, deletions and reactions, of the right people, in the order of the log."""

import random
from dataclasses import replace

import pytest

from plausch.base.ids import AccountAddress, ConversationId, MessageId
from plausch.content.cards import Choices, Option, card_message
from plausch.content.conversation import title_message
from plausch.content.mimi import ExternalPart, MimiContent, NullPart
from plausch.content.status import Status, status_message
from plausch.content.text import delete, edit, reaction, text_message, unlike
from plausch.sdk.history import (
    fold,
    kind_of,
    root_of,
    state_of,
    stored,
    target_of,
    without_withdrawn,
)
from plausch.sdk.message import Kind, State
from plausch.sdk.vault.messages import MessageRow, Messages
from plausch.sdk.vault.vault import Vault

ROOM = ConversationId(b"r" * 16)
ANNA = AccountAddress("anna", "localhost")
CEM = AccountAddress("cem", "localhost")
BEN = AccountAddress("ben", "localhost")
FIRST = MessageId(b"\x01" + b"f" * 31)
SALT = b"s" * 16


def row(
    content: MimiContent, *, sender: AccountAddress = ANNA, number: int = 0, seq: int | None = 1
) -> MessageRow:
    identifier = FIRST if number == 0 else MessageId(b"\x01" + number.to_bytes(31, "big"))
    return MessageRow(
        ROOM,
        identifier,
        seq,
        sender,
        sender == ANNA,
        kind_of(content),
        target_of(content),
        content.encode(),
        number,
        number,
    )


HELLO = row(text_message("hello", salt=SALT))


def folded(*changes: MessageRow, base: MessageRow = HELLO) -> tuple[str, bool, bool]:
    message = fold(base, changes, State.SENT)
    return message.text, message.edited, message.deleted


# --- kinds -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "kind", "target"),
    [
        (text_message("x", salt=SALT), Kind.TEXT, None),
        (text_message("x", salt=SALT, in_reply_to=FIRST), Kind.TEXT, None),
        (edit("x", FIRST, salt=SALT), Kind.EDIT, FIRST),
        (delete(FIRST, salt=SALT), Kind.DELETE, FIRST),
        (reaction("❤", FIRST, salt=SALT), Kind.REACTION, FIRST),
        (unlike(FIRST, FIRST, salt=SALT), Kind.DELETE, FIRST),
        (title_message("Club", salt=SALT), Kind.TITLE, None),
        (status_message([(FIRST, Status.READ)], salt=SALT), Kind.STATUS, None),
        (MimiContent(salt=SALT, part=NullPart()), Kind.OTHER, None),
        (
            MimiContent(salt=SALT, part=ExternalPart(content_type="image/png", url="https://x")),
            Kind.FILE,
            None,
        ),
        (
            card_message(
                Choices(title="?", options=(Option("a", "A"),)), "?", language="en", salt=SALT
            ),
            Kind.CARD,
            None,
        ),
    ],
)
def test_kinds_and_targets(content: MimiContent, kind: Kind, target: MessageId | None) -> None:
    assert kind_of(content) is kind
    assert target_of(content) == target


# --- folding ---------------------------------------------------------------------------------


def test_nothing_said_about_it() -> None:
    assert folded() == ("hello", False, False)


def test_the_last_edit_counts() -> None:
    first = row(edit("hallo", FIRST, salt=SALT), number=1)
    second = row(edit("servus", FIRST, salt=b"t" * 16), number=2)
    assert folded(first, second) == ("servus", True, False)


def test_deletion_is_final() -> None:
    gone = row(delete(FIRST, salt=SALT), number=1)
    late = row(edit("hallo", FIRST, salt=SALT), number=2)
    assert folded(gone, late) == ("", False, True)
    message = fold(HELLO, [gone], State.SENT)
    assert (message.content, message.reactions, message.in_reply_to) == (None, {}, None)


def test_only_the_author_counts() -> None:
    forged = row(edit("I owe you", FIRST, salt=SALT), sender=CEM, number=1)
    taken = row(delete(FIRST, salt=SALT), sender=CEM, number=2)
    assert folded(forged, taken) == ("hello", False, False)


def test_an_edit_keeps_what_was_answered() -> None:
    base = row(text_message("yes", salt=SALT, in_reply_to=FIRST), number=5)
    changed = row(edit("no", base.message_id, salt=SALT), number=6)
    assert fold(base, [changed], State.SENT).in_reply_to == FIRST


def test_reactions_are_counted_by_person() -> None:
    changes = [
        row(reaction("❤", FIRST, salt=SALT), sender=CEM, number=1),
        row(reaction("❤", FIRST, salt=SALT), sender=BEN, number=2),
        row(reaction("❤", FIRST, salt=SALT), sender=CEM, number=3),
        row(reaction("👍", FIRST, salt=SALT), sender=CEM, number=4),
    ]
    assert fold(HELLO, changes, State.SENT).reactions == {"❤": (CEM, BEN), "👍": (CEM,)}


def test_reactions_are_taken_back_by_their_authors_only() -> None:
    heart = row(reaction("❤", FIRST, salt=SALT), sender=CEM, number=1)
    thumb = row(reaction("👍", FIRST, salt=SALT), sender=BEN, number=2)
    own = row(unlike(heart.message_id, FIRST, salt=SALT), sender=CEM, number=3)
    foreign = row(unlike(thumb.message_id, FIRST, salt=SALT), sender=CEM, number=4)
    assert without_withdrawn([heart, thumb], [own, foreign]) == [thumb]


def test_random_changes_end_like_a_simple_model() -> None:
    """A model of three lines against the fold, over many random logs."""
    for seed in range(200):
        choose = random.Random(seed)
        text, edited, deleted = "hello", False, False
        changes = []
        for number in range(1, choose.randrange(2, 12)):
            author = choose.choice((ANNA, CEM))
            salt = number.to_bytes(16, "big")
            if choose.random() < 0.2:
                changes.append(row(delete(FIRST, salt=salt), sender=author, number=number))
                deleted = deleted or author == ANNA
            else:
                changes.append(
                    row(edit(f"v{number}", FIRST, salt=salt), sender=author, number=number)
                )
                if author == ANNA:
                    text, edited = f"v{number}", True
        expected = ("", False, True) if deleted else (text, edited, False)
        assert folded(*changes) == expected, f"seed {seed}"


# --- states ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reached", "reports", "state"),
    [
        ({}, {}, State.SENT),
        ({CEM.uri: 1}, {}, State.SENT),
        ({CEM.uri: 1, BEN.uri: 1}, {}, State.DELIVERED),
        ({CEM.uri: 0, BEN.uri: 9}, {}, State.SENT),
        ({BEN.uri: 9}, {CEM.uri: Status.READ}, State.DELIVERED),
        ({}, {CEM.uri: Status.READ, BEN.uri: Status.DELIVERED}, State.DELIVERED),
        ({}, {CEM.uri: Status.READ, BEN.uri: Status.READ}, State.READ),
    ],
)
def test_states_hold_for_all_others(
    reached: dict[str, int], reports: dict[str, int], state: State
) -> None:
    assert state_of(HELLO, [CEM, BEN], reached, reports) is state


def test_states_without_others_and_before_the_log() -> None:
    assert state_of(HELLO, [], {}, {}) is State.SENT
    waiting = replace(HELLO, seq=None)
    assert state_of(waiting, [CEM], {CEM.uri: 9}, {}) is State.WAITING
    assert state_of(replace(waiting, failure="no"), [CEM], {}, {}) is State.FAILED
    assert state_of(row(text_message("x", salt=SALT), sender=CEM), [CEM], {}, {}) is State.RECEIVED


# --- rows ------------------------------------------------------------------------------------


def test_a_row_by_itself() -> None:
    message = stored(row(reaction("❤", FIRST, salt=SALT), sender=CEM, number=1), State.RECEIVED)
    assert (message.kind, message.text, message.in_reply_to) == (Kind.REACTION, "❤", FIRST)


async def test_the_root_of_an_edit_is_the_first_version(vault: Vault) -> None:
    table = Messages(vault)
    changed = row(edit("hallo", FIRST, salt=SALT), number=1)
    await vault.write([table.add(HELLO), table.add(changed)])
    assert await root_of(table, changed.message_id) == FIRST
    assert await root_of(table, FIRST) == FIRST
    assert await root_of(table, None) is None
    unknown = MessageId(b"u" * 32)
    assert await root_of(table, unknown) == unknown
