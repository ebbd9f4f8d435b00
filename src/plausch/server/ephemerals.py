"""Ephemeral messages: what the server asks of a message that it passes on and stores nowhere.

Like an envelope it is an MLS PrivateMessage of its conversation and of the epoch that is now, so
that it reaches who can decrypt it and nobody else.
"""

from plausch.mls.errors import ProtocolError
from plausch.mls.framing import ContentType, WireFormat, header
from plausch.server.errors import Refusal, unknown_conversation
from plausch.server.limits import KIB
from plausch.server.records import DeviceRecord, Roster
from plausch.wire import frames as f

NO_EPOCH = -1


def cost(frame: f.SendEphemeral) -> int:
    """How many small messages it counts as: one, and one more for each KiB."""
    return 1 + len(frame.message) // KIB


def epoch_of(frame: f.SendEphemeral) -> int:
    """The epoch of the message; NO_EPOCH when it is no application PrivateMessage of its
    conversation."""
    try:
        seen = header(frame.message)
    except ProtocolError:
        return NO_EPOCH
    expected = (WireFormat.PRIVATE_MESSAGE, ContentType.APPLICATION, frame.conversation)
    return (
        seen.epoch if (seen.wire_format, seen.content_type, seen.group_id) == expected else NO_EPOCH
    )


def checked(frame: f.SendEphemeral, device: DeviceRecord, roster: Roster | None) -> Roster:
    """The members that the message is for.

    Raises Refusal `unknown_conversation`, `bad_message`, `stale_epoch`.
    """
    if roster is None or device.key not in roster.members:
        raise unknown_conversation()
    epoch = epoch_of(frame)
    if epoch == NO_EPOCH:
        raise Refusal(
            "bad_message",
            "An ephemeral message must be an MLS PrivateMessage of its conversation.",
        )
    if epoch != roster.epoch:
        raise Refusal(
            "stale_epoch",
            f"The conversation is in epoch {roster.epoch}, the ephemeral message in {epoch}.",
            epoch=roster.epoch,
        )
    return roster
