"""Where a server is reached: an http or https URL, and the WebSocket behind it."""

from urllib.parse import urlsplit

from plausch.sdk.errors import SdkError

SOCKET_PATH = "/v1/socket"
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


def socket_url(server_url: str) -> str:
    """`https://example.org` becomes `wss://example.org/v1/socket`. Raises SdkError (`bad_url`)."""
    try:
        parts = urlsplit(server_url)
        valid = parts.scheme in _SCHEMES and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid or parts.username or parts.query or parts.fragment:
        raise SdkError(
            f"{server_url[:128]!r} is not a server's address: expected something like "
            "https://example.org or http://127.0.0.1:8080.",
            code="bad_url",
        )
    return f"{_SCHEMES[parts.scheme]}://{parts.netloc}{parts.path.rstrip('/')}{SOCKET_PATH}"
