"""Server URLs become WebSocket URLs, or a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.sdk.address import socket_url
from plausch.sdk.errors import SdkError


@pytest.mark.parametrize(
    ("given_url", "expected"),
    [
        ("http://127.0.0.1:8080", "ws://127.0.0.1:8080/v1/socket"),
        ("http://127.0.0.1:8080/", "ws://127.0.0.1:8080/v1/socket"),
        ("https://example.org", "wss://example.org/v1/socket"),
        ("https://example.org/chat/", "wss://example.org/chat/v1/socket"),
        ("ws://localhost", "ws://localhost/v1/socket"),
        ("wss://example.org:444", "wss://example.org:444/v1/socket"),
        ("http://[::1]:7480", "ws://[::1]:7480/v1/socket"),
    ],
)
def test_servers(given_url: str, expected: str) -> None:
    assert socket_url(given_url) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "example.org",
        "ftp://example.org",
        "http://",
        "http://:80",
        "http://example.org:99999",
        "http://example.org:0",
        "http://user@example.org",
        "http://example.org/?x=1",
        "http://example.org/#x",
        "http://[::1",
    ],
)
def test_everything_else_is_a_sentence(wrong: str) -> None:
    with pytest.raises(SdkError, match="is not a server's address") as caught:
        socket_url(wrong)
    assert caught.value.code == "bad_url"


@given(st.text(max_size=60))
def test_nothing_else_is_raised(text: str) -> None:
    try:
        assert socket_url(text).startswith(("ws://", "wss://"))
    except SdkError as error:
        assert len(str(error)) < 300
