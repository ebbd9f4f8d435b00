"""Plain HTTP and upgrades against the real server: who is let in, what strangers are told."""

from collections.abc import Iterator

import pytest

from raw_socket import RawSocket, upgrade_headers
from server_process import ServerProcess

ORIGIN_CONFIG = """
domain = "example.org"
origins = ["https://chat.example.org"]
web_dir = "no web app: that one has its own scene"
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("server")
    with ServerProcess(folder, config=ORIGIN_CONFIG) as process:
        yield process
    assert "Traceback" not in process.log()


async def ask(server: ServerProcess, line: str, headers: str = "") -> tuple[int, dict, bytes]:
    socket = await RawSocket.tcp(server.url)
    try:
        return await socket.http(line, headers)
    finally:
        await socket.close()


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/", 200, b"This is a Plausch server"),
        ("/healthz", 200, b"ok"),
        ("/healthz?x=1", 200, b"ok"),
        ("/favicon.ico", 404, b"Not found"),
        ("/v1/socket", 426, b"WebSocket"),
        ("/" + "a" * 5000, 404, b"Not found"),
        ("/%00%ff", 404, b"Not found"),
    ],
)
async def test_pages(server: ServerProcess, path: str, status: int, words: bytes) -> None:
    code, headers, body = await ask(server, f"GET {path} HTTP/1.1")
    assert code == status
    assert words in body
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("line", "headers"),
    [
        ("GET / HTTP/1.1", "Content-Length: 5\r\n"),
        ("GET / HTTP/1.1", "Transfer-Encoding: chunked\r\n"),
        ("GET / HTTP/9.9", ""),
        ("BREW /pot HTCPCP/1.0", ""),
        ("GET", ""),
        ("\x16\x03\x01\x02\x00\x01", ""),
        ("GET / HTTP/1.1", "no colon here\r\n"),
        ("GET /v1/socket HTTP/1.1", upgrade_headers().replace("Sec-WebSocket-Key", "X-Key")),
        (
            "GET /v1/socket HTTP/1.1",
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: short\r\n",
        ),
    ],
)
async def test_what_is_no_proper_request_is_a_bad_one(
    server: ServerProcess, line: str, headers: str
) -> None:
    status, _, body = await ask(server, line, headers)
    assert status == 400
    assert b"Traceback" not in body


async def test_another_version_of_websocket_is_told_ours(server: ServerProcess) -> None:
    old = upgrade_headers().replace("Version: 13", "Version: 8")
    status, headers, _ = await ask(server, "GET /v1/socket HTTP/1.1", old)
    assert status == 426
    assert headers["sec-websocket-version"] == "13"


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS"])
async def test_only_get_and_head_are_answered(server: ServerProcess, method: str) -> None:
    for headers in ("Content-Length: 0\r\n", "Content-Length: 5\r\n"):
        status, fields, _ = await ask(server, f"{method} / HTTP/1.1", headers)
        assert (status, fields["allow"]) == (405, "get, head")


async def test_endless_headers_are_refused(server: ServerProcess) -> None:
    socket = await RawSocket.tcp(server.url)
    socket.write(b"GET / HTTP/1.1\r\n" + b"X-Long: " + b"a" * 60_000)
    assert (await socket.reader.read()).startswith(b"HTTP/1.1 431 ")
    assert (await ask(server, "GET /healthz HTTP/1.1"))[0] == 200


@pytest.mark.parametrize(
    "origin", ["", "https://example.org", "https://chat.example.org", "http://localhost:{port}"]
)
async def test_own_configured_and_absent_origins_connect(
    server: ServerProcess, origin: str
) -> None:
    given = origin.format(port=server.port)
    socket = await RawSocket.websocket(server.url, f"Origin: {given}\r\n" if given else "")
    assert (await socket.message() or b"")[1] == 1
    await socket.close()


@pytest.mark.parametrize(
    "headers",
    [
        "Origin: https://evil.example\r\n",
        "Origin: null\r\n",
        "Origin: http://localhost:1\r\n",
        "Origin: http://evil.example\r\nX-Forwarded-Host: evil.example\r\n",
        "Origin: https://example.org\r\nOrigin: https://evil.example\r\n",
    ],
)
async def test_a_page_of_another_origin_is_turned_away(server: ServerProcess, headers: str) -> None:
    status, fields, body = await ask(server, "GET /v1/socket HTTP/1.1", upgrade_headers() + headers)
    assert status == 403
    assert b"may not connect" in body
    assert "content-security-policy" in fields


async def test_the_operator_reads_which_pages_were_turned_away(server: ServerProcess) -> None:
    """The browser tells its page no reason. One line a minute, whoever asks how often."""
    evil = "Origin: https://evil.example/" + "x" * 200 + "\x7f\r\n"
    for _ in range(3):
        await ask(server, "GET /v1/socket HTTP/1.1", upgrade_headers() + evil)
    (line,) = [one for one in server.log().splitlines() if "may not connect" in one]
    assert "Pages of '" in line
    assert "--origin" in line
    assert len(line) < 400
