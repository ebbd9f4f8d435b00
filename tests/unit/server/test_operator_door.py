"""Who is let in to the operator's page, attacked with raw sockets."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

import pytest

from delivery_world import World
from plausch.base.errors import OperatorError
from plausch.local.loopback import MOST_CONNECTIONS
from plausch.server.administration import Administration
from plausch.server.operator_desk import OperatorDesk
from plausch.server.operator_door import FORM_BYTES, HEADERS, OperatorDoor
from plausch.server.operator_page import TOKEN_FIELD
from plausch.server.operator_visits import VISIT_MS

GET = "GET"
POST = "POST"


class Told:
    """An answer as it came."""

    def __init__(self, raw: bytes) -> None:
        head, _, body = raw.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = dict(line.split(": ", 1) for line in lines[1:])
        self.body = body.decode()


@dataclass
class Stage:
    """An open door, and whoever knocks."""

    door: OperatorDoor
    world: World
    links: list[str] = field(default_factory=list)
    base: str = ""
    cookie: str = ""
    form_token: str = ""

    @property
    def host(self) -> str:
        return self.door.url.removeprefix("http://")

    async def send(self, raw: bytes) -> Told:
        host, _, port = self.host.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(raw)
        answer = await reader.read()
        writer.close()
        return Told(answer)

    async def ask(self, method: str, path: str, body: str = "", **headers: str | None) -> Told:
        """A request of the browser that has come by the link; a header that is None is left out."""
        fields: dict[str, str | None] = {"Host": self.host, "Cookie": self.cookie or None}
        if method == POST:
            fields |= {
                "Origin": self.door.url,
                "Content-Type": "application/x-www-form-urlencoded",
                "Content-Length": str(len(body.encode())),
            }
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{method} {path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in fields.items() if value is not None]
        return await self.send("\r\n".join([*lines, "", body]).encode())

    async def order(self, path: str, form: dict[str, str] | None = None, **headers: object) -> Told:
        """A form of the page."""
        body = urlencode({TOKEN_FIELD: self.form_token, **(form or {})})
        return await self.ask(POST, self.base + path, body, **headers)  # type: ignore[arg-type]

    async def enter(self) -> Told:
        """Come by the newest link."""
        told = await self.ask(GET, self.links[-1].removeprefix(self.door.url))
        self.cookie = told.headers["Set-Cookie"].partition(";")[0]
        self.base = told.headers["Location"].rstrip("/")
        page = await self.ask(GET, f"{self.base}/")
        found = re.search(f'name="{TOKEN_FIELD}" value="([^"]+)"', page.body)
        assert found is not None
        self.form_token = found[1]
        return told

    async def is_suspended(self) -> bool:
        hand = Administration(self.world.database, self.world.clock)
        return bool((await hand.show("mallory")).row.suspended_ms)


@pytest.fixture
async def stage(world: World) -> AsyncIterator[Stage]:
    """Nobody has entered yet."""
    await world.player("mallory")
    links: list[str] = []
    desk = OperatorDesk(Administration(world.database, world.clock), world.clock)
    door = OperatorDoor(desk, world.clock, "/srv", "en", links.append)
    await door.start(0)
    yield Stage(door, world, links)
    door.close()


@pytest.fixture
async def inside(stage: Stage) -> Stage:
    """The operator has come by the link."""
    await stage.enter()
    return stage


SUSPEND = "/accounts/mallory/suspend"


async def test_the_link_leaves_a_cookie_and_no_token_in_the_address(stage: Stage) -> None:
    told = await stage.enter()
    assert told.status == 303
    assert "token" not in told.headers["Location"]
    cookie = told.headers["Set-Cookie"]
    assert f"; Path={stage.base}/; HttpOnly; SameSite=Strict" in cookie
    page = await stage.ask(GET, f"{stage.base}/")
    assert (page.status, "mallory" in page.body) == (200, True)
    assert stage.links[0] not in page.body
    assert "token=" not in page.body


async def test_a_link_is_good_once_and_another_is_told(stage: Stage) -> None:
    first = stage.links[0].removeprefix(stage.door.url)
    await stage.enter()
    again = await stage.ask(GET, first, Cookie=None)
    assert (again.status, "Set-Cookie" in again.headers) == (403, False)
    assert "used or wrong" in again.body
    assert len(stage.links) == 2
    assert stage.links[1] != stage.links[0]
    await stage.enter()


@pytest.mark.parametrize(
    "query", ["", "?", "?token=", "?token=x", "?token=%ff", "?token=a&token=b"]
)
async def test_a_wrong_token_lets_nobody_in_and_uses_nothing_up(stage: Stage, query: str) -> None:
    told = await stage.ask(GET, f"/enter{query}")
    assert (told.status, "Set-Cookie" in told.headers) == (403, False)
    assert len(stage.links) == 1
    await stage.enter()


async def test_without_a_visit_nothing_is_told_and_nothing_done(inside: Stage) -> None:
    others = [None, "", "plausch_operator=", "plausch_operator=x", inside.cookie[:-1], "x=y"]
    for cookie in others:
        for path in ("/", f"{inside.base}/", f"{inside.base}/accounts/mallory", "/favicon.ico"):
            told = await inside.ask(GET, path, Cookie=cookie)
            assert (told.status, "mallory" in told.body) == (403, False)
        assert (await inside.order(SUSPEND, Cookie=cookie)).status == 403
    assert not await inside.is_suspended()
    told = await inside.ask(GET, "/", Cookie=None)
    assert inside.base not in told.body, "the path is no secret that is given away"


async def test_a_visit_ends_by_itself(inside: Stage) -> None:
    inside.world.clock.advance(VISIT_MS)
    assert (await inside.ask(GET, f"{inside.base}/")).status == 403
    assert (await inside.order(SUSPEND)).status == 403
    assert not await inside.is_suspended()


@pytest.mark.parametrize(
    "host",
    [None, "", "evil.example", "127.0.0.1", "localhost:1", "127.0.0.1.evil.example:80", "[::1]:80"],
)
async def test_a_name_of_an_attacker_that_points_here_is_refused(
    inside: Stage, host: str | None
) -> None:
    for told in (
        await inside.ask(GET, f"{inside.base}/", Host=host),
        await inside.ask(GET, inside.links[-1].removeprefix(inside.door.url), Host=host),
        await inside.order(SUSPEND, Host=host, Origin=f"http://{host}"),
    ):
        assert (told.status, "only under the name" in told.body) == (403, True)
        assert "mallory" not in told.body
    assert not await inside.is_suspended()
    assert len(inside.links) == 2, "and no link is used up"


async def test_two_hosts_are_none(inside: Stage) -> None:
    raw = f"GET {inside.base}/ HTTP/1.1\r\nHost: {inside.host}\r\nHost: evil.example\r\n"
    told = await inside.send(f"{raw}Cookie: {inside.cookie}\r\n\r\n".encode())
    assert told.status == 403


async def test_localhost_is_a_name_of_this_machine(inside: Stage) -> None:
    host = f"LocalHost:{inside.host.rpartition(':')[2]}"
    assert (await inside.ask(GET, f"{inside.base}/", Host=host)).status == 200
    told = await inside.order(SUSPEND, Host=host, Origin=f"http://{host.lower()}")
    assert told.status == 303


async def test_a_form_is_carried_out_and_leads_on(inside: Stage) -> None:
    told = await inside.order(SUSPEND, Sec_Fetch_Site="same-origin")
    assert (told.status, told.headers["Location"]) == (303, f"{inside.base}/accounts/mallory")
    assert await inside.is_suspended()
    told = await inside.order("/maintenance/on", {"words": "Größere Platten", "minutes": "5"})
    assert (told.status, told.headers["Location"]) == (303, f"{inside.base}/")
    page = await inside.ask(GET, f"{inside.base}/", Accept_Language="de-DE, en;q=0.5")
    assert "Größere Platten" in page.body
    assert '<html lang="de">' in page.body


@pytest.mark.parametrize(
    "origin",
    [None, "null", "", "https://evil.example", "http://127.0.0.1", "http://127.0.0.1:1", "SELF/"],
)
async def test_a_form_of_another_page_does_nothing(inside: Stage, origin: str | None) -> None:
    """A page of another port of this machine is of the same site: the cookie comes with it."""
    given = origin and origin.replace("SELF", inside.door.url)
    told = await inside.order(SUSPEND, Origin=given)
    assert (told.status, "did not come from this page" in told.body) == (403, True)
    assert not await inside.is_suspended()


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "none, cross-site"])
async def test_what_the_browser_says_comes_from_elsewhere_goes_no_further(
    inside: Stage, site: str
) -> None:
    assert (await inside.order(SUSPEND, Sec_Fetch_Site=site)).status == 403
    assert not await inside.is_suspended()
    told = await inside.ask(GET, f"{inside.base}/", Sec_Fetch_Site=site)
    assert (told.status, "mallory" in told.body) == (403, False)
    assert f'href="{inside.base}/"' in told.body, "who has just come by the link goes on from here"


@pytest.mark.parametrize("given", [None, "", "x", "é"])
async def test_without_the_forms_token_nothing_is_done(inside: Stage, given: str | None) -> None:
    body = urlencode({} if given is None else {TOKEN_FIELD: given})
    told = await inside.ask(POST, inside.base + SUSPEND, body)
    assert (told.status, "does not belong to this visit" in told.body) == (403, True)
    assert not await inside.is_suspended()


async def test_the_token_of_another_visit_or_in_the_address_does_nothing(inside: Stage) -> None:
    token, cookie = inside.form_token, inside.cookie
    await inside.enter()
    crossed = urlencode({TOKEN_FIELD: token})
    assert (await inside.ask(POST, inside.base + SUSPEND, crossed)).status == 403
    path = f"{inside.base}{SUSPEND}?{TOKEN_FIELD}={inside.form_token}"
    assert (await inside.ask(POST, path)).status == 403
    twice = f"{TOKEN_FIELD}={inside.form_token}&{TOKEN_FIELD}={inside.form_token}"
    assert (await inside.ask(POST, inside.base + SUSPEND, twice)).status == 403
    assert (await inside.ask(GET, inside.base + SUSPEND)).status == 404
    assert not await inside.is_suspended()
    assert (await inside.ask(POST, inside.base + SUSPEND, crossed, Cookie=cookie)).status == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content_Type": "application/json"}, 400),
        ({"Content_Type": "text/plain"}, 400),
        ({"Content_Type": None}, 400),
        ({"Content_Length": "-1"}, 400),
        ({"Content_Length": "x"}, 400),
        ({"Content_Length": None, "Transfer_Encoding": "chunked"}, 400),
        ({"Transfer_Encoding": "chunked"}, 400),
        ({"Content_Length": str(FORM_BYTES + 1)}, 413),
        ({"Content_Length": "999999999"}, 413),
    ],
)
async def test_a_form_that_is_none_is_refused(
    inside: Stage, headers: dict[str, str | None], status: int
) -> None:
    body = urlencode({TOKEN_FIELD: inside.form_token})
    told = await inside.ask(POST, inside.base + SUSPEND, body, **headers)
    assert not await inside.is_suspended()
    assert (told.status, told.body.startswith("Nothing is changed")) == (status, True)


async def test_a_form_of_very_many_fields_is_none(inside: Stage) -> None:
    many = {f"field{number}": "" for number in range(200)}
    assert (await inside.order(SUSPEND, many)).status == 403
    assert not await inside.is_suspended()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "HEAD", "TRACE"])
async def test_other_methods_are_refused(inside: Stage, method: str) -> None:
    told = await inside.ask(method, inside.base + SUSPEND)
    assert (told.status, told.headers["Allow"]) == (405, "GET, POST")
    assert not [name for name in told.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\n\r\n", 400),
        (b"GET http://evil.example/ HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", 400),
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", 431),
    ],
)
async def test_what_is_no_request_is_told_so(stage: Stage, raw: bytes, status: int) -> None:
    told = await stage.send(raw)
    assert told.status == status
    assert told.body.endswith(".\n")


@pytest.mark.parametrize("raw", [b"", b"GET / HT", b"\x16\x03\x01\x02\x00\x01"])
async def test_who_goes_in_the_middle_disturbs_nobody(stage: Stage, raw: bytes) -> None:
    host, _, port = stage.host.partition(":")
    for _ in range(MOST_CONNECTIONS // 20):
        for _ in range(30):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(raw)
            writer.close()
            await writer.wait_closed()
        assert (await stage.ask(GET, "/")).status == 403
        while stage.door._port._open:  # those before have been taken by now; none keeps its place
            await asyncio.sleep(0)
    assert (await stage.enter()).status == 303


async def test_every_answer_has_the_policy_and_is_kept_nowhere(inside: Stage) -> None:
    answers = [
        await inside.ask(GET, f"{inside.base}/"),
        await inside.ask(GET, f"{inside.base}/elsewhere"),
        await inside.ask(GET, "/"),
        await inside.ask(GET, "/enter?token=x"),
        await inside.ask(GET, "/", Host="evil.example"),
        await inside.order(SUSPEND),
        await inside.order("/maintenance/on", {"minutes": "x"}),
        await inside.send(b"\r\n\r\n"),
    ]
    assert [one.status for one in answers] == [200, 404, 403, 403, 403, 303, 400, 400]
    for told in answers:
        assert HEADERS.items() <= told.headers.items()
    assert HEADERS["Cache-Control"] == "no-store"
    assert HEADERS["X-Frame-Options"] == "DENY"
    assert HEADERS["Referrer-Policy"] == "same-origin"
    assert "script" not in HEADERS["Content-Security-Policy"]


async def test_it_listens_on_one_address_alone(stage: Stage) -> None:
    host, _, port = stage.host.partition(":")
    assert host == "127.0.0.1"
    for other in ("127.0.0.2", "::1"):
        with pytest.raises(OSError):
            await asyncio.open_connection(other, int(port))


async def test_a_port_that_is_taken_is_said(stage: Stage) -> None:
    other = OperatorDoor(
        OperatorDesk(Administration(stage.world.database, stage.world.clock), stage.world.clock),
        stage.world.clock,
        "/srv",
        "en",
        stage.links.append,
    )
    with pytest.raises(OperatorError, match="choose another with --port"):
        await other.start(int(stage.host.rpartition(":")[2]))
    other.close()
    assert len(stage.links) == 1
