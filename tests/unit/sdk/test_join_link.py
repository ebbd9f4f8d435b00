"""Invitation links: what they look like, and what is none."""

import pytest

from plausch.base.ids import AccountAddress, ConversationId
from plausch.content.join_request import JoinRequest
from plausch.sdk.errors import SdkError
from plausch.sdk.join_link import JoinLink, parse_join_link

REQUEST = JoinRequest(ConversationId(bytes(range(16))), bytes(range(16, 32)))
LINK = JoinLink("https://example.org", "anna", REQUEST)
TEXT = "https://example.org/#/join/anna/AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"


def test_a_link_is_written_and_read() -> None:
    assert str(LINK) == TEXT
    assert parse_join_link(f"  {TEXT}\n") == LINK
    assert parse_join_link(TEXT.replace(".org/", ".org")) == LINK
    assert LINK.admin_at("example.org") == AccountAddress("anna", "example.org")


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT[:-1],
        TEXT + "A",
        TEXT.replace("https", "ftp"),
        TEXT.replace("/join/", "/link/"),
        TEXT.replace("anna", "Anna Maier"),
        TEXT.replace("AAEC", "AA+C"),
        "https://example.org/anna",
    ],
)
def test_what_is_no_link_is_said_so(text: str) -> None:
    with pytest.raises(SdkError, match="not an invitation link") as caught:
        parse_join_link(text)
    assert caught.value.code == "bad_join_link"
