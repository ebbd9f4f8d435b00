"""Names of accounts, devices, conversations and messages (draft-ietf-mimi-protocol, URIs).

Every name that arrives from outside is parsed here into a type; what is not exactly in the
grammar is refused with a sentence.
"""

import re
from dataclasses import dataclass
from typing import NewType, Self

from plausch.base.errors import PlauschError

ConversationId = NewType("ConversationId", bytes)
"""16 random bytes, chosen by the creating device; also the MLS group id."""

MessageId = NewType("MessageId", bytes)
"""32 bytes: 0x01 and the truncated SHA-256 of draft-ietf-mimi-content section 3.3."""

CONVERSATION_ID_BYTES = 16
MESSAGE_ID_BYTES = 32

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?")
_DEVICE = re.compile(r"[0-9a-f]{16}")


class NameRefused(PlauschError):
    """A name, address or URI is not in the grammar."""

    code = "bad_name"


def parse_name(text: str) -> str:
    """An account's local name: 1 to 32 of a-z 0-9 . _ -, with a letter or digit at both ends.

    Raises NameRefused.
    """
    if not _NAME.fullmatch(text):
        raise NameRefused(
            f"{text[:64]!r} is not a name: use 1 to 32 of the characters a-z, 0-9, '.', '_', '-', "
            "beginning and ending with a letter or digit."
        )
    return text


def parse_domain(text: str) -> str:
    """A server's domain, optionally with a port, in lower case. Raises NameRefused."""
    if len(text) > 255 or not _DOMAIN.fullmatch(text):
        raise NameRefused(
            f"{text[:64]!r} is not a domain: expected something like 'example.org' or 'localhost'."
        )
    return text


@dataclass(frozen=True, slots=True, order=True)
class AccountAddress:
    """A person or a business: shown as `name@domain`, on the wire `mimi://domain/u/name`."""

    name: str
    domain: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `name@domain`. Raises NameRefused."""
        name, at, domain = text.partition("@")
        if not at:
            raise NameRefused(f"{text[:64]!r} is not an address: expected name@domain.")
        return cls(parse_name(name), parse_domain(domain))

    @classmethod
    def parse_uri(cls, uri: str) -> Self:
        """From `mimi://domain/u/name`. Raises NameRefused."""
        parts = uri.split("/")
        if len(parts) != 5 or parts[:2] != ["mimi:", ""] or parts[3] != "u":
            raise NameRefused(f"{uri[:96]!r} is not an account URI: expected mimi://DOMAIN/u/NAME.")
        return cls(parse_name(parts[4]), parse_domain(parts[2]))

    @property
    def uri(self) -> str:
        """`mimi://domain/u/name`."""
        return f"mimi://{self.domain}/u/{self.name}"

    def __str__(self) -> str:
        return f"{self.name}@{self.domain}"


@dataclass(frozen=True, slots=True, order=True)
class DeviceAddress:
    """One MLS client of an account, one leaf: `mimi://domain/d/name/0123456789abcdef`."""

    account: AccountAddress
    device: str

    @classmethod
    def parse_uri(cls, uri: str) -> Self:
        """From `mimi://domain/d/name/16 hex digits`. Raises NameRefused."""
        parts = uri.split("/")
        if len(parts) != 6 or parts[:2] != ["mimi:", ""] or parts[3] != "d":
            raise NameRefused(
                f"{uri[:96]!r} is not a device URI: expected mimi://DOMAIN/d/NAME/ID."
            )
        if not _DEVICE.fullmatch(parts[5]):
            raise NameRefused(f"{parts[5][:32]!r} is not a device id: expected 16 hex digits.")
        account = AccountAddress(parse_name(parts[4]), parse_domain(parts[2]))
        return cls(account, parts[5])

    @property
    def uri(self) -> str:
        """`mimi://domain/d/name/id`."""
        return f"mimi://{self.account.domain}/d/{self.account.name}/{self.device}"

    def __str__(self) -> str:
        return self.uri


def parse_conversation_id(raw: bytes) -> ConversationId:
    """16 bytes. Raises NameRefused."""
    if len(raw) != CONVERSATION_ID_BYTES:
        raise NameRefused(f"A conversation id has {CONVERSATION_ID_BYTES} bytes, not {len(raw)}.")
    return ConversationId(raw)


def conversation_uri(domain: str, conversation: ConversationId) -> str:
    """`mimi://domain/r/hex`: a MIMI room."""
    return f"mimi://{domain}/r/{conversation.hex()}"
