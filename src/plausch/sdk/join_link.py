"""Invitation links: a group's id and secret, behind `#`, where a server never sees them.

`https://SERVER/#/join/ADMIN/CODE`: CODE is base64url of the group's id (16 bytes) and the link's
secret (16 bytes), without padding; ADMIN the account name of who is asked.
"""

import base64
import binascii
import re
from dataclasses import dataclass

from plausch.base.ids import (
    CONVERSATION_ID_BYTES,
    AccountAddress,
    ConversationId,
    NameRefused,
    parse_name,
)
from plausch.content.conversation import SECRET_BYTES
from plausch.content.join_request import JoinRequest
from plausch.sdk.errors import SdkError

_LINK = re.compile(r"(https?://[^/#?]+)/?#/join/([^/]+)/([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class JoinLink:
    """Whom to ask, on which server, for which group."""

    server_url: str
    admin: str
    request: JoinRequest

    def __str__(self) -> str:
        raw = bytes(self.request.conversation) + self.request.secret
        code = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        return f"{self.server_url.rstrip('/')}/#/join/{self.admin}/{code}"

    def admin_at(self, domain: str) -> AccountAddress:
        """Whom to ask, on the server of this domain."""
        return AccountAddress(self.admin, domain)


def parse_join_link(text: str) -> JoinLink:
    """The link that somebody was given. Raises SdkError `bad_join_link`."""
    found = _LINK.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError(text)
        server_url, admin, code = found.groups()
        raw = base64.b64decode(code + "=", altchars=b"-_", validate=True)
        conversation, secret = raw[:CONVERSATION_ID_BYTES], raw[CONVERSATION_ID_BYTES:]
        if len(secret) != SECRET_BYTES:
            raise ValueError(code)
        request = JoinRequest(ConversationId(conversation), secret)
        return JoinLink(server_url, parse_name(admin), request)
    except (ValueError, binascii.Error, NameRefused) as error:
        raise SdkError(
            "This is not an invitation link: it looks like https://SERVER/#/join/NAME/CODE; ask "
            "for it once more.",
            code="bad_join_link",
        ) from error
