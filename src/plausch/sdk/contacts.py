"""Accounts this device knows, and how sure it is of them."""

from dataclasses import dataclass
from enum import StrEnum

from plausch.base.ids import AccountAddress


class ContactState(StrEnum):
    """How far an account's identity key is trusted."""

    PINNED = "pinned"
    """Seen first, kept since (trust on first use)."""
    VERIFIED = "verified"
    """Safety numbers were compared by people."""
    CHANGED = "changed"
    """Another key than the pinned one was shown; nothing is sent until a person decides."""


@dataclass(frozen=True, slots=True)
class Contact:
    """An account as this device knows it.

    `kind` is "person" or "business". `known`: this person wrote to it or accepted its request.
    """

    address: AccountAddress
    kind: str
    state: ContactState
    known: bool
