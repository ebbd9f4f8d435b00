"""The history as people see it: rows of the log folded into messages.

Only the author's own edits and deletions count; a later edit overrides an earlier one; a
deletion is final. A reaction is taken back by deleting it.
"""

from collections.abc import Iterable, Mapping

from plausch.base.ids import AccountAddress, MessageId
from plausch.content.cards import card_of
from plausch.content.join_request import join_request_of
from plausch.content.mimi import ExternalPart, MimiContent, decode, leaves
from plausch.content.purpose import Purpose, purpose_of
from plausch.content.status import Status
from plausch.content.text import reactions_of, readable_text
from plausch.sdk.message import Kind, State, StoredMessage
from plausch.sdk.vault.messages import MessageRow, Messages

_KINDS = {
    Purpose.EDIT: Kind.EDIT,
    Purpose.DELETE: Kind.DELETE,
    Purpose.REACTION: Kind.REACTION,
    Purpose.STATUS: Kind.STATUS,
    Purpose.TITLE: Kind.TITLE,
    Purpose.TEAM: Kind.TEAM,
    Purpose.RPC: Kind.TEAM,
    Purpose.NOTHING: Kind.OTHER,
}
SHOWN = frozenset({Kind.TEXT, Kind.CARD, Kind.FILE, Kind.OTHER})


def kind_of(content: MimiContent) -> Kind:
    """What a message is, in one word."""
    purpose = purpose_of(content)
    if purpose is not Purpose.SHOW:
        return _KINDS[purpose]
    if card_of(content) is not None or join_request_of(content) is not None:
        return Kind.CARD
    if any(isinstance(part, ExternalPart) for part in leaves(content.part)):
        return Kind.FILE
    return Kind.TEXT


def target_of(content: MimiContent) -> MessageId | None:
    """The message that an edit, deletion or reaction is about."""
    purpose = purpose_of(content)
    if purpose in (Purpose.EDIT, Purpose.DELETE):
        return content.replaces
    return content.in_reply_to if purpose is Purpose.REACTION else None


async def root_of(messages: Messages, target: MessageId | None) -> MessageId | None:
    """The first version of what `target` names, which may itself be an edit."""
    if target is None:
        return None
    row = await messages.get(target)
    return row.target if row is not None and row.kind is Kind.EDIT else target


def stored(row: MessageRow, state: State) -> StoredMessage:
    """One row by itself, nothing folded in."""
    content = decode(row.content)
    return StoredMessage(
        conversation_id=row.conversation,
        message_id=row.message_id,
        sender=row.sender,
        outgoing=row.outgoing,
        kind=row.kind,
        text=_text(row.kind, content),
        content=content,
        in_reply_to=content.in_reply_to,
        seq=row.seq,
        sent_at_ms=row.sent_at_ms,
        state=state,
        fork_suspected=row.fork_suspected,
        failure=row.failure,
    )


def _text(kind: Kind, content: MimiContent) -> str:
    if kind is Kind.REACTION:
        return "".join(reactions_of(content))
    return readable_text(content)


def state_of(
    row: MessageRow,
    others: Iterable[AccountAddress],
    reached: Mapping[str, int],
    reports: Mapping[str, int],
) -> State:
    """How far a message of ours came; delivered and read mean: to all others."""
    if not row.outgoing:
        return State.RECEIVED
    if row.seq is None:
        return State.FAILED if row.failure else State.WAITING
    uris = [address.uri for address in others]
    if not uris:
        return State.SENT
    if all(reports.get(uri) == Status.READ for uri in uris):
        return State.READ
    arrived = (
        reached.get(uri, 0) >= row.seq or reports.get(uri, 0) in (Status.DELIVERED, Status.READ)
        for uri in uris
    )
    return State.DELIVERED if all(arrived) else State.SENT


def fold(row: MessageRow, changes: Iterable[MessageRow], state: State) -> StoredMessage:
    """A shown message with everything that was later said about it, `changes` in log order."""
    reactions: dict[MessageId, MessageRow] = {}
    content, edited = row.content, False
    for change in changes:
        if change.kind is Kind.REACTION:
            reactions[change.message_id] = change
        elif change.sender != row.sender:
            continue
        elif change.kind is Kind.DELETE:
            return _deleted(row, state)
        elif change.kind is Kind.EDIT:
            content, edited = change.content, True
    shown = decode(content)
    return StoredMessage(
        conversation_id=row.conversation,
        message_id=row.message_id,
        sender=row.sender,
        outgoing=row.outgoing,
        kind=row.kind,
        text=readable_text(shown),
        content=shown,
        in_reply_to=decode(row.content).in_reply_to,
        seq=row.seq,
        sent_at_ms=row.sent_at_ms,
        state=state,
        edited=edited,
        reactions=_counted(reactions.values()),
        fork_suspected=row.fork_suspected,
        failure=row.failure,
    )


def _deleted(row: MessageRow, state: State) -> StoredMessage:
    return StoredMessage(
        conversation_id=row.conversation,
        message_id=row.message_id,
        sender=row.sender,
        outgoing=row.outgoing,
        kind=row.kind,
        text="",
        content=None,
        in_reply_to=None,
        seq=row.seq,
        sent_at_ms=row.sent_at_ms,
        state=state,
        deleted=True,
    )


def _counted(rows: Iterable[MessageRow]) -> dict[str, tuple[AccountAddress, ...]]:
    by_sign: dict[str, dict[AccountAddress, None]] = {}
    for row in rows:
        for sign in reactions_of(decode(row.content)):
            by_sign.setdefault(sign, {})[row.sender] = None
    return {sign: tuple(senders) for sign, senders in by_sign.items()}


def without_withdrawn(changes: list[MessageRow], deletions: list[MessageRow]) -> list[MessageRow]:
    """Changes less the reactions that their own authors took back."""
    gone = {(deletion.target, deletion.sender) for deletion in deletions}
    return [
        change
        for change in changes
        if change.kind is not Kind.REACTION or (change.message_id, change.sender) not in gone
    ]
