"""Reporting: disclosing messages of somebody to the operator of the server (spec/franking.md)."""

import secrets
from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import chain

from plausch.base.ids import ConversationId, MessageId
from plausch.content.mimi import salt_of
from plausch.sdk.core import Core
from plausch.sdk.errors import SdkError, Unreachable
from plausch.sdk.history import SHOWN, root_of
from plausch.sdk.message import Kind
from plausch.sdk.vault.messages import MessageRow
from plausch.wire import frames as f
from plausch.wire.reports import MOST_REPORTED, NOTE_CHARACTERS

REPORT_ID_BYTES = 16


class Reason(StrEnum):
    """Why somebody is reported."""

    SPAM = "spam"
    ABUSE = "abuse"
    ILLEGAL = "illegal"
    OTHER = "other"


async def report(
    core: Core,
    here: Sequence[ConversationId],
    message_ids: Sequence[MessageId],
    reason: Reason,
    note: str,
) -> int:
    """Disclose these messages of one account, and the versions of them that fit in; how many were
    disclosed.

    Raises SdkError, ServerRefused, Unreachable.
    """
    if len(note) > NOTE_CHARACTERS:
        raise SdkError(f"A note has at most {NOTE_CHARACTERS} characters.", code="too_large")
    found = await _versions(core, here, message_ids)
    rows = _fitting(found)
    senders = {row.sender for row in rows}
    if len(senders) != 1:
        raise SdkError("A report is about messages of one account.", code="several_senders")
    if len(found) > MOST_REPORTED:
        raise SdkError(
            f"A report has at most {MOST_REPORTED} messages, not {len(found)}: choose fewer.",
            code="too_many",
        )
    name = senders.pop().name
    messages = [_disclosed(row) for row in rows]
    report_id = secrets.token_bytes(REPORT_ID_BYTES)
    await _hand_in(
        core,
        lambda request_id: f.Report(request_id, name, reason.value, note, messages, report_id),
    )
    return len(messages)


async def _hand_in(core: Core, build: Callable[[int], f.Report]) -> None:
    """Ask, and ask again when the connection was lost: the server knows a report by its id."""
    for last in (False, False, True):
        await core.transport.wait_online()
        try:
            await core.transport.ask(build, f.Done)
        except Unreachable:
            if last:
                raise
        else:
            return


async def _versions(
    core: Core, here: Sequence[ConversationId], message_ids: Sequence[MessageId]
) -> list[list[MessageRow]]:
    """The messages in the order given, each followed by its author's edits."""
    found: dict[MessageId, list[MessageRow]] = {}
    for message_id in message_ids:
        root = await root_of(core.messages, message_id)
        row = await core.messages.get(root) if root is not None else None
        if row is None or row.conversation not in here or row.kind not in SHOWN:
            raise SdkError("There is no message with this id in this conversation.")
        if row.outgoing:
            raise SdkError("A message of our own cannot be reported.", code="own_message")
        edits = [
            change
            for change in await core.messages.about(here, [row.message_id])
            if change.kind is Kind.EDIT and change.sender == row.sender
        ]
        found[row.message_id] = [row, *edits]
    if not found:
        raise SdkError("A report needs at least one message.", code="empty")
    return list(found.values())


def _fitting(found: Sequence[list[MessageRow]]) -> list[MessageRow]:
    """All of it, if it fits into one report. Else of each message that was edited often the first
    version and the newest ones: nobody can edit a message until it cannot be reported any more."""
    every = list(chain.from_iterable(found))
    if len(every) <= MOST_REPORTED:
        return every
    each = max(1, MOST_REPORTED // len(found))
    fitting: list[MessageRow] = []
    for rows in found:
        newest = rows[-each:]
        keeps_first = each > 1 and len(rows) > each
        fitting += [rows[0], *newest[1:]] if keeps_first else newest
    return fitting


def _disclosed(row: MessageRow) -> f.ReportedMessage:
    if row.stamped is None:
        raise SdkError(
            "The server has not stamped one of these messages, so that it would not believe that "
            "it is genuine.",
            code="no_stamp",
        )
    return f.ReportedMessage(
        row.conversation,
        row.stamped.device,
        row.stamped.accepted_at_ms,
        row.stamped.stamp,
        salt_of(row.content),
        row.content,
    )
