"""Who asked to join a group by its link: an admin's device lets them in, or nobody does."""

import hmac
from dataclasses import dataclass

from plausch.base.ids import AccountAddress, ConversationId, MessageId
from plausch.content.join_request import JoinRequest, join_request_of
from plausch.content.mimi import decode
from plausch.sdk.core import Core, Live
from plausch.sdk.device import Device
from plausch.sdk.errors import SdkError
from plausch.sdk.message import Kind
from plausch.sdk.roles import may_administrate

LOOKED_THROUGH = 100
"""Messages of each direct conversation that are looked through for requests."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Somebody asks to be added to a group of ours."""

    group: ConversationId
    title: str
    sender: AccountAddress
    message_id: MessageId


def is_valid(core: Core, request: JoinRequest) -> bool:
    """Whether the link is the present one of a group in which this account is an admin."""
    live = core.lives.get(request.conversation)
    kept = None if live is None else live.kept
    secret = b"" if kept is None else kept.link
    # Always compared, so that the time says nothing of which groups there are.
    same = hmac.compare_digest(secret or bytes(len(request.secret)), request.secret)
    return (
        kept is not None
        and same
        and bool(secret)
        and kept.state == "open"
        and may_administrate(kept, core.address)
    )


def demand_valid(core: Core, request: JoinRequest) -> Live:
    """The group. Raises SdkError `link_over`."""
    if not is_valid(core, request):
        raise SdkError(
            "This link is no longer valid: it was changed or turned off, or this account is no "
            "admin of the group.",
            code="link_over",
        )
    return core.lives[request.conversation]


async def asking(device: Device) -> list[Asking]:
    """Who asks by a present link and is not in yet, once each, the newest request first."""
    core = device.core
    found: dict[tuple[ConversationId, AccountAddress], Asking] = {}
    for live in device.directory.shown():
        if device.directory.peer(live) is None:
            continue
        merged = device.directory.merged(live)
        for row in reversed(await core.messages.page(merged, LOOKED_THROUGH, None)):
            if row.kind is not Kind.CARD or row.outgoing:
                continue
            request = join_request_of(decode(row.content))
            if request is None or not is_valid(core, request):
                continue
            group = core.lives[request.conversation].kept
            if row.sender not in group.participants:
                one = Asking(group.id, group.title, row.sender, row.message_id)
                found.setdefault((group.id, row.sender), one)
    return list(found.values())
