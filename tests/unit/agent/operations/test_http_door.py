"""The HTTP door: what programs ask, and what web pages, strangers and broken clients get."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from plausch.agent.ical.feed import Feed
from plausch.agent.operations.executor import Scene
from plausch.agent.operations.http_door import HttpDoor
from plausch.agent.operations.views import View
from plausch.base.errors import OperatorError
from unit.agent.operations.office import Office, wish

TOKEN = "a-token-of-this-test"


@pytest.fixture
async def door(office: Office) -> AsyncIterator[HttpDoor]:
    async def feed() -> Feed:
        return Feed(b"BEGIN:VCALENDAR", '"etag-1"')

    opened = HttpDoor(office.executor, TOKEN, {"/calendar/secret.ics": feed})
    await opened.start(0)
    yield opened
    await opened.close()


class Told:
    """An answer as it came."""

    def __init__(self, raw: bytes) -> None:
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = dict(line.lower().split(": ", 1) for line in lines[1:])

    @property
    def json(self) -> Any:
        return json.loads(self.body)


async def send(door: HttpDoor, raw: bytes) -> Told:
    host, _, port = door.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(raw)
    async with asyncio.timeout(20):
        answer = await reader.read()
    writer.close()
    return Told(answer)


def request(
    door: HttpDoor, path: str, body: bytes = b"{}", method: str = "POST", **headers: str | None
) -> bytes:
    fields: dict[str, str | None] = {
        "Host": door.url.removeprefix("http://"),
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def ask(door: HttpDoor, path: str, body: bytes = b"{}", **headers: str | None) -> Told:
    return await send(door, request(door, path, body, **headers))


async def test_an_operation_is_done_and_answered(door: HttpDoor) -> None:
    told = await ask(door, "/v1/agent.status")
    assert (told.status, told.json["bookings"]) == (200, 0)
    assert told.headers["content-type"] == "application/json"
    assert told.headers["cache-control"] == "no-store"
    booked = await ask(door, "/v1/bookings.book", json.dumps(wish()).encode())
    assert (booked.status, booked.json["state"]) == (200, "confirmed")


async def test_with_a_key_a_repeated_request_is_one(door: HttpDoor) -> None:
    bodies = [json.dumps(wish(token=f"token-000{n}")).encode() for n in (1, 2)]
    first = await ask(door, "/v1/bookings.book", bodies[0], Idempotency_Key="key-0001")
    again = await ask(door, "/v1/bookings.book", bodies[1], Idempotency_Key="key-0001")
    assert first.json == again.json
    assert (await ask(door, "/v1/agent.status")).json["bookings"] == 1
    bad = await ask(door, "/v1/bookings.book", bodies[0], Idempotency_Key="x")
    assert (bad.status, bad.json["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/v1/bookings.book", b"{", 400, "bad_params"),
        ("/v1/bookings.cancel", b'{"uid":"b-1","sequence":0}', 404, "unknown"),
        ("/v1/bookings.explode", b"{}", 404, "unknown_operation"),
        ("/v1/", b"{}", 404, "not_found"),
        ("/", b"{}", 404, "not_found"),
        ("/v1/../etc/passwd", b"{}", 404, "unknown_operation"),
    ],
)
async def test_a_refusal_has_a_status_a_code_and_a_sentence(
    door: HttpDoor, path: str, body: bytes, status: int, code: str
) -> None:
    told = await ask(door, path, body)
    assert (told.status, told.json["code"]) == (status, code)
    assert told.json["sentence"].endswith(".")


async def test_what_cannot_be_now_is_a_conflict(door: HttpDoor) -> None:
    told = await ask(door, "/v1/bookings.book", json.dumps(wish(party=999)).encode())
    assert (told.status, told.json["code"]) == (409, "pacing")


@pytest.mark.parametrize("given", [None, "Bearer wrong", TOKEN, "Basic abc", "Bearer ", "Bearer é"])
async def test_without_the_token_nothing_is_told(door: HttpDoor, given: str | None) -> None:
    for path in ("/v1/agent.status", "/v1/bookings.explode", "/v1/openapi.json", "/"):
        told = await ask(door, path, Authorization=given)
        assert (told.status, told.json["code"]) == (401, "bad_token")
        assert told.headers["www-authenticate"] == "bearer"


@pytest.mark.parametrize(
    "host", [None, "evil.example", "127.0.0.1", "localhost:1", "127.0.0.1.evil.example:80", ""]
)
async def test_a_name_of_an_attacker_that_points_here_is_refused(
    door: HttpDoor, host: str | None
) -> None:
    told = await ask(door, "/v1/agent.status", Host=host)
    assert (told.status, told.json["code"]) == (403, "bad_host")
    feed = await send(door, request(door, "/calendar/secret.ics", b"", "GET", Host=host))
    assert feed.status == 403


async def test_localhost_is_a_name_of_this_machine(door: HttpDoor) -> None:
    port = door.url.rpartition(":")[2]
    assert (await ask(door, "/v1/agent.status", Host=f"LocalHost:{port}")).status == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1"])
async def test_a_web_page_is_refused_whatever_it_knows(door: HttpDoor, origin: str) -> None:
    told = await ask(door, "/v1/agent.status", Origin=origin)
    assert (told.status, told.json["code"]) == (403, "bad_origin")
    asked = request(door, "/v1/agent.status", b"", "OPTIONS", Origin=origin)
    preflight = await send(door, asked)
    assert preflight.status == 403
    assert not any(name.startswith("access-control") for name in preflight.headers)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": None}, 415),
        ({"Content_Length": None}, 411),
        ({"Content_Length": "-1"}, 411),
        ({"Content_Length": "99999999"}, 413),
        ({"Transfer_Encoding": "chunked"}, 411),
        ({"X": "y" * 20_000}, 431),
    ],
)
async def test_a_body_that_is_not_announced_as_it_must_be_is_not_read(
    door: HttpDoor, headers: dict[str, str | None], status: int
) -> None:
    assert (await ask(door, "/v1/agent.status", **headers)).status == status


@pytest.mark.parametrize(
    "raw", [b"\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\r\n\r\n", b"GET / HTTP/1.1\r\nx\r\n\r\n"]
)
async def test_what_is_no_http_is_a_bad_request(door: HttpDoor, raw: bytes) -> None:
    assert (await send(door, raw)).status == 400


async def test_only_post_does_something(door: HttpDoor) -> None:
    for method in ("GET", "PUT", "DELETE", "HEAD"):
        told = await send(door, request(door, "/v1/agent.status", b"", method))
        assert told.status == 405
    told = await send(door, request(door, "/v1/agent.status", b"{}", "GET"))
    assert told.status == 400


async def test_a_client_that_says_nothing_is_left_alone(
    door: HttpDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plausch.local.loopback.REQUEST_TIMEOUT_S", 0.1)
    started = request(door, "/v1/agent.status")[:-1]
    host, _, port = door.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(started)
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    writer.close()
    assert (await ask(door, "/v1/agent.status")).status == 200


async def test_a_feed_needs_its_path_and_no_token(door: HttpDoor) -> None:
    asked = request(door, "/calendar/secret.ics", b"", "GET", Authorization=None)
    told = await send(door, asked)
    assert (told.status, told.body) == (200, b"BEGIN:VCALENDAR")
    assert told.headers["content-type"].startswith("text/calendar")
    wrong = request(door, "/calendar/other.ics", b"", "GET", Authorization=None)
    assert (await send(door, wrong)).status == 401


async def test_a_feed_that_is_known_is_not_sent_again(door: HttpDoor) -> None:
    def asked(etag: str) -> bytes:
        return request(door, "/calendar/secret.ics", b"", "GET", If_None_Match=etag)

    first = await send(door, asked('"other"'))
    assert (first.status, first.headers["etag"]) == (200, '"etag-1"')
    known = await send(door, asked(first.headers["etag"]))
    assert (known.status, known.body, known.headers["etag"]) == (304, b"", '"etag-1"')


async def test_the_document_is_served(door: HttpDoor) -> None:
    told = await send(door, request(door, "/v1/openapi.json", b"", "GET"))
    assert told.json["servers"] == [{"url": door.url}]
    assert "/v1/bookings.book" in told.json["paths"]


async def test_a_port_that_is_taken_is_said(door: HttpDoor, office: Office) -> None:
    other = HttpDoor(office.executor, TOKEN)
    with pytest.raises(OperatorError, match="choose another with --api"):
        await other.start(int(door.url.rpartition(":")[2]))
    await other.close()


async def test_what_breaks_is_told_and_the_next_one_is_answered(
    door: HttpDoor, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations = office.executor.operations

    async def breaks(scene: Scene, wanted: View) -> View:
        raise KeyError("Anna")

    broken = replace(operations["agent.status"], work=breaks)
    monkeypatch.setattr(office.executor, "operations", {**operations, "agent.status": broken})
    told = await ask(door, "/v1/agent.status")
    assert (told.status, told.json["code"]) == (500, "mishap")
    monkeypatch.undo()
    assert (await ask(door, "/v1/agent.status")).status == 200
