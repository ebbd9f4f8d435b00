"""Refusals: what a service says when it does not do what a device asks."""

import errno
import socket

from plausch.base.errors import Fault, OperatorError, PlauschError


class Refusal(PlauschError):
    """A request is refused and nothing was changed (spec/delivery.md lists the codes).

    `epoch` and `head` say what is true now when the code is `stale_epoch`, else they are -1.
    `retry_after_ms` is above 0 when the same request may succeed later.
    """

    fault = Fault.LOCAL
    code = "not_allowed"

    def __init__(
        self,
        code: str,
        sentence: str,
        *,
        fault: Fault = Fault.LOCAL,
        epoch: int = -1,
        head: int = -1,
        retry_after_ms: int = 0,
    ) -> None:
        super().__init__(sentence, code=code, fault=fault)
        self.epoch = epoch
        self.head = head
        self.retry_after_ms = retry_after_ms


REMOVED = ("device_removed", "This device was removed from its account's list.")
"""To a device that has proved to be the one that was removed; nobody else is told."""

SUSPENDED = (
    "account_suspended",
    "The operator of this server has suspended this account: ask the operator.",
)


def unknown_conversation() -> Refusal:
    """There is none of this id, or the device has no part in it: the answer is the same, so that
    ids cannot be probed."""
    return Refusal(
        "unknown_conversation",
        "There is no conversation of this id that this device takes part in.",
    )


def unlisted() -> Refusal:
    """The device was removed from its account's list while its connection was open."""
    return Refusal(
        "unknown_device", "This device was removed from its account's list: it has no part here."
    )


def stale_epoch(epoch: int, head: int) -> Refusal:
    """The conversation is in another epoch than the request was made for."""
    return Refusal(
        "stale_epoch",
        f"The conversation is in epoch {epoch}: read up to {head}, then send again.",
        epoch=epoch,
        head=head,
    )


def cannot_listen(
    host: str, port: int, error: OSError, *, host_by: str = "--host", port_by: str = "--port"
) -> OperatorError:
    """No socket can be opened there; which of both to change, and by what."""
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        advice = f"This machine has no such address: give one of its own with {host_by}"
    elif error.errno == errno.EADDRINUSE:
        advice = f"Another program has that port: end it, or choose another with {port_by}"
    else:
        advice = f"Choose another with {port_by}"
    return OperatorError(
        f"Cannot listen on {host} port {port}: {error.strerror or error}. {advice}.",
        code="port_unavailable",
    )
