"""HTTP on the same port: who is let in, what a browser is told."""

import pytest
from multidict import CIMultiDict
from picows import WSUpgradeRequest

from plausch.server import routes

ORIGINS = routes.allowed_origins(
    "example.org", "10.0.0.5", 7480, ["https://chat.example.org", "https://Web.Example.ORG"]
)


def request(path: str, **headers: str) -> WSUpgradeRequest:
    one = WSUpgradeRequest()
    one.method, one.path, one.version = b"GET", path.encode(), b"HTTP/1.1"
    one.headers = CIMultiDict({name.replace("_", "-"): text for name, text in headers.items()})
    return one


def upgrade(**headers: str) -> WSUpgradeRequest:
    return request("/v1/socket", upgrade="websocket", sec_websocket_version="13", **headers)


@pytest.mark.parametrize(
    "origin",
    [
        "https://example.org",
        "http://example.org:7480",
        "http://10.0.0.5:7480",
        "http://localhost:7480",
        "http://127.0.0.1:7480",
        "https://chat.example.org",
        "https://CHAT.example.org",
        "https://web.example.org",
    ],
)
def test_own_and_configured_origins_are_let_in(origin: str) -> None:
    assert routes.socket_refusal(upgrade(origin=origin), ORIGINS, draining=False) is None


def test_a_program_without_origin_is_let_in() -> None:
    assert routes.socket_refusal(upgrade(), ORIGINS, draining=False) is None


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "https://example.org.evil.example",
        "https://chat.example.org:444",
        "https://chat.example.org/",
        "file://",
    ],
)
def test_other_origins_are_not(origin: str) -> None:
    refusal = routes.socket_refusal(upgrade(origin=origin), ORIGINS, draining=False)
    assert refusal is not None
    assert refusal.status == 403
    assert b"origins" in refusal.body


def test_the_host_header_vouches_for_nobody() -> None:
    rebound = upgrade(origin="http://evil.example", host="evil.example")
    refusal = routes.socket_refusal(rebound, ORIGINS, draining=False)
    assert refusal is not None
    assert refusal.status == 403


def test_two_origins_are_not_one() -> None:
    two = upgrade(origin="https://example.org")
    two.headers.add("Origin", "https://example.org")
    refusal = routes.socket_refusal(two, ORIGINS, draining=False)
    assert refusal is not None


def test_a_plain_request_for_the_socket_is_told_to_upgrade() -> None:
    refusal = routes.socket_refusal(request("/v1/socket"), ORIGINS, draining=False)
    assert refusal is not None
    assert refusal.status == 426


def test_a_stopping_server_takes_nobody() -> None:
    refusal = routes.socket_refusal(upgrade(), ORIGINS, draining=True)
    assert refusal is not None
    assert refusal.status == 503


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/", 200, b"This is a Plausch server"),
        ("/?utm=1", 200, b"@example.org"),
        ("/healthz", 200, b"ok"),
        ("/v1/other", 404, b"/v1/socket"),
        ("/../etc/passwd", 404, b"Not found"),
        ("/%2e%2e/", 404, b"Not found"),
    ],
)
def test_pages(path: str, status: int, words: bytes) -> None:
    response = routes.answer(request(path), "example.org")
    assert response.status == status
    assert words in response.body
    for name, value in routes.SECURITY_HEADERS.items():
        assert response.headers[name] == value
    assert "content-type" in response.headers


@pytest.mark.parametrize("path", ["/v1/socket", "/v1/socket?x=1"])
def test_the_socket_path(path: str) -> None:
    assert routes.is_socket(request(path))
    assert not routes.is_socket(request("/v1/socket/"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "behind_proxy", "key"),
    [
        ("192.0.2.7", "", False, "192.0.2.7"),
        ("192.0.2.7", "198.51.100.1", False, "192.0.2.7"),
        ("127.0.0.1", "198.51.100.1", True, "198.51.100.1"),
        ("127.0.0.1", "spoofed, 198.51.100.1", True, "198.51.100.1"),
        ("127.0.0.1", "", True, "127.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "", False, "2001:db8:1:2::/64"),
        ("127.0.0.1", "2001:db8:1:2::9", True, "2001:db8:1:2::/64"),
        ("2001:db8::1", "", False, "2001:db8::/64"),
        ("2001:db8::5:1", "", False, "2001:db8::/64"),
        ("2001:db8:0:0:a:b:c:d", "", False, "2001:db8::/64"),
        ("2001:db8:1:2:3::1", "", False, "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "", False, "192.0.2.7"),
        ("fe80::1%eth0", "", False, "fe80::/64"),
        ("127.0.0.1", "198.51.100.1:5000", True, "198.51.100.1"),
        ("127.0.0.1", "[2001:db8:1:2::1]:44", True, "2001:db8:1:2::/64"),
        ("127.0.0.1", "[2001:db8:1:2::1]", True, "2001:db8:1:2::/64"),
        ("127.0.0.1", "198.51.100.1,", True, "127.0.0.1"),
        ("127.0.0.1", "unknown", True, "unknown"),
    ],
)
def test_addresses_are_counted_by_what_their_owner_cannot_vary(
    peer: str, forwarded: str, behind_proxy: bool, key: str
) -> None:
    one = upgrade(**({"x_forwarded_for": forwarded} if forwarded else {}))
    assert routes.client_address(one, peer, behind_proxy) == key
