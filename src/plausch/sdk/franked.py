"""What a device does so that messages can be reported: franks what it sends, and looks at the frank
of what it receives before anybody sees it (spec/franking.md)."""

import hmac
from dataclasses import dataclass

from plausch.base.errors import RemoteError
from plausch.base.ids import AccountAddress, DeviceAddress, NameRefused
from plausch.content.fork import EpochMark
from plausch.content.mimi import salt_of
from plausch.wire.frames import Envelope
from plausch.wire.franking import AUTHENTICATED_BYTES, MARK_BYTES, STAMP_BYTES, frank


@dataclass(frozen=True, slots=True)
class Stamped:
    """What the server said beside a message: by which device (URI) and when it was handed in, and
    the stamp by which the server will know it again."""

    device: str
    accepted_at_ms: int
    stamp: bytes


def authenticated_with(mark: EpochMark, content: bytes) -> bytes:
    """What travels readable beside an encrypted message: the mark of the epoch and the frank."""
    return mark.digest + frank(salt_of(content), content)


def mark_in(authenticated: bytes) -> bytes:
    """The digest of the epoch's mark in it; b"" if nothing is there."""
    return authenticated[:MARK_BYTES]


def check_frank(authenticated: bytes, content: bytes) -> None:
    """Refuse what its sender has not committed to: somebody could send what cannot be reported.

    Raises RemoteError (`not_franked`), ContentError.
    """
    given = authenticated[MARK_BYTES:]
    fits = len(authenticated) == AUTHENTICATED_BYTES
    if not fits or not hmac.compare_digest(given, frank(salt_of(content), content)):
        raise RemoteError(
            "A message came without its sender's commitment to it, so that it could never be "
            "reported: it is not shown.",
            code="not_franked",
        )


def check_sender(envelope: Envelope, sender: AccountAddress) -> None:
    """Refuse a message that another account handed in than wrote it: a report of it would be
    about the wrong one. Raises RemoteError (`false_sender`)."""
    try:
        account = DeviceAddress.parse_uri(envelope.sender).account
    except NameRefused:
        account = None
    if account != sender:
        raise RemoteError(
            f"A message of {sender} came as one of another account: it is not shown.",
            code="false_sender",
        )


def stamped_by(envelope: Envelope) -> Stamped | None:
    """What to keep for a report; None when the server has left the stamp out."""
    if len(envelope.stamp) != STAMP_BYTES:
        return None
    return Stamped(envelope.sender, envelope.accepted_at_ms, envelope.stamp)


def unstamped() -> RemoteError:
    """The server's fault: the message is shown, but cannot be reported."""
    return RemoteError(
        "The server left out its stamp: this message cannot be reported.", code="no_stamp"
    )
