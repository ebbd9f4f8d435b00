"""The web app over real HTTP from the real server: every kind of answer, attacks, slow readers."""

import gzip
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from built_site import FILES, PAGE, SCRIPT, brotli_of, write_site
from raw_socket import RawSocket
from server_process import ServerProcess

APP = "/assets/app-AbCd1234.js"
BIG = os.urandom(500_000)
BIG_PATH = "/assets/big-00000000.js"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("web")
    write_site(path, {**FILES, BIG_PATH[1:]: BIG}, inline=["sha256-" + "A" * 43 + "="])
    (path / "unlisted.txt").write_text("in the folder, not in the manifest")
    return path


@pytest.fixture(scope="module")
def server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    config = f'web_dir = "{folder}"\n[limits]\nanswers_per_address = 5000\n'
    with ServerProcess(tmp_path_factory.mktemp("server"), config=config) as process:
        yield process
    assert "Traceback" not in process.log()


Response = tuple[int, dict[str, str], bytes]


def ask(
    server: ServerProcess, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """What Python's own client gets; it raises when an answer is incomplete."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    try:
        connection.request(method, path, headers=named)
        response = connection.getresponse()
        assert response.will_close
        fields = {name.lower(): text for name, text in response.getheaders()}
        return response.status, fields, response.read()
    finally:
        connection.close()


# --- every kind of answer --------------------------------------------------------------------

EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "connection": "close",
}


@pytest.mark.parametrize(
    ("path", "status", "kind", "cache"),
    [
        ("/", 200, "text/html; charset=utf-8", "no-cache"),
        ("/anna", 200, "text/html; charset=utf-8", "no-cache"),
        ("/zur-linde?table=4", 200, "text/html; charset=utf-8", "no-cache"),
        (APP, 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("/sw.js", 200, "text/javascript; charset=utf-8", "no-cache"),
        ("/manifest.webmanifest", 200, "application/manifest+json", "no-cache"),
        ("/icons/icon.svg", 200, "image/svg+xml", "no-cache"),
        ("/build.json", 200, "application/json", "no-cache"),
        ("/healthz", 200, "text/plain; charset=utf-8", "no-store"),
        ("/v1/socket", 426, "text/plain; charset=utf-8", "no-store"),
        ("/nobody/here", 404, "text/plain; charset=utf-8", "no-store"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_headers_of_every_kind_of_answer(
    server: ServerProcess, path: str, status: int, kind: str, cache: str, method: str
) -> None:
    code, headers, body = ask(server, path, method)
    assert (code, headers["content-type"], headers["cache-control"]) == (status, kind, cache)
    assert {name: headers[name] for name in EVERYWHERE} == EVERYWHERE
    assert bool(body) is (method == "GET")
    assert int(headers["content-length"]) == (len(body) or len(ask(server, path)[2]))
    assert "server" not in headers
    policy = headers["content-security-policy"]
    if cache == "no-store":
        assert policy.startswith("default-src 'none'; base-uri 'none'")
        assert "etag" not in headers
    else:
        assert "trusted-types svelte-trusted-html default" in policy
        page = kind.startswith("text/html")
        assert ("camera=(self)" in headers.get("permissions-policy", "")) is page
        assert headers["etag"].startswith('"')
    for dangerous in ("unsafe", "data:;", "*", "http:", "https:"):
        assert dangerous not in policy.replace("blob: data:;", "")


def test_the_manifest_names_every_byte_that_is_served(server: ServerProcess) -> None:
    manifest = json.loads(ask(server, "/build.json")[2])
    for path, digest in manifest["files"].items():
        body = ask(server, f"/{path}")[2]
        given = subprocess.run(["sha384sum"], input=body, capture_output=True, check=True).stdout
        assert given.split()[0].decode() == digest
    lines = "".join(f"{digest}  {path}\n" for path, digest in sorted(manifest["files"].items()))
    root = subprocess.run(["sha384sum"], input=lines.encode(), capture_output=True, check=True)
    assert root.stdout.split()[0].decode() == manifest["root"]


def test_compressed_forms(server: ServerProcess) -> None:
    forms = {"br": brotli_of(SCRIPT), "gzip": gzip.compress(SCRIPT, mtime=0)}
    for encoding, body in forms.items():
        status, headers, got = ask(server, APP, accept_encoding=f"deflate, {encoding}")
        assert (status, headers["content-encoding"], got) == (200, encoding, body)
        assert headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in ask(server, APP)[1]
    assert ask(server, APP)[2] == SCRIPT


@pytest.mark.parametrize("path", ["/", APP, "/sw.js", "/build.json"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_a_browser_has_is_not_sent_again(
    server: ServerProcess, path: str, method: str
) -> None:
    _, headers, _ = ask(server, path, accept_encoding="gzip")
    known = {"accept_encoding": "gzip", "if_none_match": headers["etag"]}
    status, again, body = ask(server, path, method, **known)
    assert (status, body) == (304, b"")
    assert again["etag"] == headers["etag"]
    assert again["cache-control"] == headers["cache-control"]
    assert "content-length" not in again
    assert ask(server, path, if_none_match='"other"')[0] == 200


def test_curl_gets_it_too(server: ServerProcess, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not on this machine; http.client stands for it")
    curl = ["curl", "--silent", "--show-error", "--fail", "--path-as-is", "--max-time", "30"]
    for more, path, body in [
        ([], "/anna", PAGE),
        (["--http1.0"], "/", PAGE),
        (["--header", "Accept-Encoding: gzip", "--compressed"], APP, SCRIPT),
        ([], BIG_PATH, BIG),
    ]:
        out = subprocess.run([*curl, *more, server.url + path], capture_output=True, check=True)
        assert (out.stdout, out.stderr) == (body, b"")
    head = subprocess.run([*curl, "--head", server.url + APP], capture_output=True, check=True)
    assert f"Content-Length: {len(SCRIPT)}\r\n".encode() in head.stdout


# --- attacks ---------------------------------------------------------------------------------

TRAVERSAL = [
    "/../server.toml",
    "/../../../../../../etc/passwd",
    "/assets/../../server.toml",
    "/assets/..%2f..%2fserver.toml",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%5c..%5cetc%5cpasswd",
    "/assets/....//....//etc/passwd",
    "//etc/passwd",
    "/assets//app-AbCd1234.js",
    "/assets/./app-AbCd1234.js",
    "/assets/app-AbCd1234.js%00.html",
    "/assets/app-AbCd1234.js/..",
    "/assets/",
    "/unlisted.txt/",
    "/assets/app-AbCd1234.js.gz",
    "/ASSETS/APP-ABCD1234.JS",
    "/%61ssets/app-AbCd1234.js",
    "/.git/config",
    "/.env",
]


@pytest.mark.parametrize("path", TRAVERSAL)
def test_no_way_out_of_the_files(server: ServerProcess, path: str) -> None:
    status, headers, body = ask(server, path)
    assert (status, body) == (404, b"Not found. The protocol is spoken at /v1/socket.\n")
    assert headers["content-security-policy"].startswith("default-src 'none'; base-uri")


def test_a_file_that_nobody_listed_is_at_most_a_name(server: ServerProcess) -> None:
    """`/unlisted.txt` could be the link of an account: it is the app's page, not the file."""
    assert ask(server, "/unlisted.txt")[2] == PAGE


def test_the_host_header_changes_nothing(server: ServerProcess) -> None:
    assert ask(server, "/", host="evil.example")[2] == PAGE


def test_headers_cannot_be_smuggled_into_an_answer(server: ServerProcess) -> None:
    evil = "/anna?x=%0d%0aSet-Cookie:%20a=b"
    status, headers, _ = ask(server, evil, if_none_match='"x%0d%0aEvil: 1"', accept_encoding="x")
    assert status == 200
    assert not {"set-cookie", "evil"} & set(headers)


# --- slow readers ----------------------------------------------------------------------------


def slow_reader(server: ServerProcess) -> socket.socket:
    """Has asked for 500 kB and reads nothing of it."""
    one = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    one.sendall(f"GET {BIG_PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return one


def rest(one: socket.socket) -> bytes:
    read = bytearray()
    while piece := one.recv(65_536):
        read += piece
    one.close()
    return bytes(read).partition(b"\r\n\r\n")[2]


def test_a_crowd_of_slow_readers_costs_little_and_holds_nobody_up(server: ServerProcess) -> None:
    """400 answers of 500 kB are 200 MB: copied for each, they would be in the memory."""
    assert ask(server, BIG_PATH)[2] == BIG
    before = server.memory_bytes()
    crowd = [slow_reader(server) for _ in range(400)]
    assert ask(server, BIG_PATH)[2] == BIG
    assert ask(server, "/healthz")[0] == 200
    assert server.memory_bytes() - before < 20_000_000
    for one in crowd[::40]:
        assert rest(one) == BIG
    for one in crowd:
        one.close()


def test_many_at_once_get_whole_answers(server: ServerProcess) -> None:
    paths = [BIG_PATH, APP, "/", "/build.json", "/nobody/here"] * 40
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda path: ask(server, path), paths))
    for path, (status, headers, body) in zip(paths, answers, strict=True):
        assert status == (404 if path == "/nobody/here" else 200)
        assert len(body) == int(headers["content-length"])
        assert path != BIG_PATH or body == BIG


async def test_requests_of_pages_leave_room_for_the_protocol(server: ServerProcess) -> None:
    crowd = [slow_reader(server) for _ in range(50)]
    device = await RawSocket.websocket(server.url, f"Origin: http://localhost:{server.port}\r\n")
    assert (await device.message() or b"")[1] == 1
    await device.close()
    for one in crowd:
        one.close()


# --- what is said ----------------------------------------------------------------------------


def test_the_root_hash_is_one_that_sha384sum_gives(server: ServerProcess, folder: Path) -> None:
    """As README.md tells an operator to look it over."""
    manifest = json.loads((folder / "build.json").read_text())
    names = sorted(manifest["files"])
    first = subprocess.run(["sha384sum", *names], cwd=folder, capture_output=True, check=True)
    again = subprocess.run(["sha384sum"], input=first.stdout, capture_output=True, check=True)
    assert re.match(rb"[0-9a-f]{96}", again.stdout)
    assert again.stdout.split()[0].decode() == json.loads(ask(server, "/build.json")[2])["root"]
