"""Frames about wake-ups: where an empty web push reaches a device that is not connected.

A wake-up has no content (RFC 8030), so that there is nothing in it to encrypt or to leak; the
server signs it by its own key (VAPID, RFC 8292), which the browser has to be told.
"""

from typing import Annotated

import msgspec

from plausch.wire.frame import Frame, RequestId

ENDPOINT_CHARACTERS = 1024
"""Most of an endpoint: the longest that a push service is known to give."""

Endpoint = Annotated[str, msgspec.Meta(max_length=ENDPOINT_CHARACTERS)]
WakeUpKeyBytes = Annotated[bytes, msgspec.Meta(min_length=65, max_length=65)]


class SetWakeUp(Frame, frozen=True, tag=90):
    """Wake this device at `endpoint`, the URL that a push service gave to its browser; in place of
    the one before, and of another one of this account with the same endpoint. Answer: `Done`."""

    id: RequestId
    endpoint: Endpoint


class DropWakeUp(Frame, frozen=True, tag=91):
    """Wake this device no more. Answer: `Done`, also when it was not to be woken."""

    id: RequestId


class GetWakeUpKey(Frame, frozen=True, tag=92):
    """By which key does the server sign its wake-ups? Answer: `WakeUpKey`."""

    id: RequestId


class WakeUpKey(Frame, frozen=True, tag=93):
    """The server's public key: a point of P-256, uncompressed, as browsers take it."""

    id: RequestId
    key: WakeUpKeyBytes
