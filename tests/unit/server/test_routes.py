"""HTTP on the same port: who is let in, what a browser is told."""

from http import HTTPStatus
from pathlib import Path

import pytest
from multidict import CIMultiDict

from built_site import PAGE, write_site
from plausch.base.http import Request
from plausch.server import routes
from plausch.server.site import Site, read_site

ORIGINS = routes.allowed_origins(
    "example.org", "10.0.0.5", 7480, ["https://chat.example.org", "https://Web.Example.ORG"]
)


def request(path: str, method: str = "GET", **headers: str) -> Request:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Request(method, path, CIMultiDict(named))


def upgrade(method: str = "GET", **headers: str) -> Request:
    asked = {"upgrade": "websocket", "sec_websocket_version": "13", **headers}
    return request("/v1/socket", method, **asked)


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


@pytest.mark.parametrize("method", ["HEAD", "POST", "BREW"])
def test_only_get_becomes_a_websocket(method: str) -> None:
    refusal = routes.socket_refusal(upgrade(method), ORIGINS, draining=False)
    assert refusal is not None
    assert refusal.status == (426 if method == "HEAD" else 405)


def test_a_request_for_the_socket_has_no_body() -> None:
    refusal = routes.socket_refusal(upgrade(content_length="3"), ORIGINS, draining=False)
    assert refusal is not None
    assert refusal.status == 400


@pytest.fixture
def site(tmp_path: Path) -> Site:
    write_site(tmp_path)
    built = read_site(tmp_path)
    assert built is not None
    return built


UNBUILT = [
    ("/", 200, b"This is a Plausch server"),
    ("/?utm=1", 200, b"@example.org"),
    ("/", 200, b"<code>make web</code>"),
    ("/healthz", 200, b"ok"),
    ("/anna", 404, b"Not found"),
    ("/build.json", 404, b"Not found"),
    ("/v1/other", 404, b"/v1/socket"),
    ("/../etc/passwd", 404, b"Not found"),
    ("/%2e%2e/", 404, b"Not found"),
]


@pytest.mark.parametrize(("path", "status", "words"), UNBUILT)
def test_pages_without_a_web_app(path: str, status: int, words: bytes) -> None:
    response = routes.answer(request(path), "example.org", None)
    assert response.status == status
    assert words in response.body
    for name, value in routes.SECURITY_HEADERS.items():
        assert response.headers[name] == value
    assert "Content-Type" in response.headers


@pytest.mark.parametrize("path", ["/", "/?x=1", "/anna", "/zur-linde?table=4", "/index.html"])
def test_pages_of_the_web_app(site: Site, path: str) -> None:
    response = routes.answer(request(path), "example.org", site)
    assert (response.status, response.body) == (200, PAGE)
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    ["/healthz", "/v1", "/v1/other", "/assets/", "/assets/none.js", "/anna/", "/favicon.ico"],
)
def test_what_the_web_app_has_not_is_answered_as_without_it(site: Site, path: str) -> None:
    response = routes.answer(request(path), "example.org", site)
    assert response.status == (200 if path == "/healthz" else 404)
    assert "script-src" not in response.headers["Content-Security-Policy"]
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW", "get"])
@pytest.mark.parametrize("path", ["/", "/healthz", "/nowhere"])
def test_other_methods_are_not_allowed(site: Site, method: str, path: str) -> None:
    response = routes.answer(request(path, method), "example.org", site)
    assert response.status == HTTPStatus.METHOD_NOT_ALLOWED
    assert response.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("headers", [{"content_length": "5"}, {"transfer_encoding": "chunked"}])
def test_a_body_is_not_taken(site: Site, headers: dict[str, str]) -> None:
    response = routes.answer(request("/", **headers), "example.org", site)
    assert response.status == HTTPStatus.BAD_REQUEST
    assert b"body" in response.body


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
    assert routes.client_address(one.headers, peer, behind_proxy) == key
