"""The operator's page on a port of this machine: who is let in, and what is refused before it.

It listens on the loopback address alone, and trusts nobody there. A web page that the operator has
open can reach a loopback port, also under a name of its own (DNS rebinding), and so can programs of
other users. In this order: the Host is ours; a link's token makes a visit; what comes from another
page goes no further; every page wants the visit's cookie; every form wants our Origin and the
visit's form token.
"""

import asyncio
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl

from plausch.base.clock import Clock
from plausch.base.http import COMMON_HEADERS, Answer, BadRequest, Request, preferred_language
from plausch.local.loopback import (
    Answered,
    HeadTooLong,
    LoopbackPort,
    announced_bytes,
    media_type,
    read_head,
)
from plausch.server.operator_desk import OperatorDesk, Sheet
from plausch.server.operator_page import POLICY, TOKEN_FIELD, OperatorPage, doorstep
from plausch.server.operator_visits import Visit, Visits
from plausch.server.operator_words import WORDS

ENTRANCE = "/enter"
FORM_BYTES = 8 * 1024
MOST_FIELDS = 8

HEADERS = {
    **COMMON_HEADERS,
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    # Not "no-referrer": with that, browsers say Origin: null for our own forms too.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_FORM = "application/x-www-form-urlencoded"
_OWN_SITE = {"none", "same-origin"}


@dataclass(frozen=True, slots=True)
class Came:
    """A request, its body, and the language of whoever asks."""

    request: Request
    body: bytes
    language: str


class OperatorDoor:
    """A listening port for one run of the page. `told` hears each new link: the first one, and
    another when one was used."""

    def __init__(
        self,
        desk: OperatorDesk,
        clock: Clock,
        folder: str,
        language: str,
        told: Callable[[str], None],
    ) -> None:
        self._desk, self._folder, self._language, self._told = desk, folder, language, told
        self._visits = Visits(clock)
        self._port = LoopbackPort(self._read, self._answer)

    async def start(self, port: int) -> None:
        """Listen on a port, 0 for a free one. Raises OperatorError when it is taken."""
        await self._port.start(port, "--port")
        self._told(self.link)

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._port.url

    @property
    def link(self) -> str:
        """What lets one browser in, once."""
        return f"{self.url}{ENTRANCE}?token={self._visits.token}"

    def close(self) -> None:
        """Listen no more."""
        self._port.close()

    # --- one request -----------------------------------------------------------------------------

    async def _read(self, reader: asyncio.StreamReader) -> Came:
        try:
            request = await read_head(reader)
        except HeadTooLong as error:
            status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise Answered(_told(status, str(error))) from error
        except BadRequest as error:
            raise Answered(_told(HTTPStatus.BAD_REQUEST, str(error))) from error
        language = preferred_language(request.headers, tuple(WORDS), self._language)
        return Came(request, await _body(reader, request, language), language)

    async def _answer(self, came: Came) -> Answer:
        request, language = came.request, came.language
        visit = self._let_in(request, language)
        path = request.path.removeprefix(self._visits.base)
        page = OperatorPage(language, self._visits.base, visit.form_token, self._folder)
        if request.method == "GET":
            found = await self._desk.show(path, _fields(request.target.partition("?")[2]), page)
            return _page(found.status, found.html)
        outcome = await self._desk.order(path, _form(came.body, visit, language), page)
        if isinstance(outcome, Sheet):
            return _page(outcome.status, outcome.html)
        return _onward(f"{self._visits.base}{outcome.path}")

    # --- who is let in ---------------------------------------------------------------------------

    def _let_in(self, request: Request, language: str) -> Visit:
        """The visit that this request belongs to. Raises Answered, also with a link's answer."""
        host = self._port.host_of(request)
        if host is None:
            raise _plainly(HTTPStatus.FORBIDDEN, "bad_host", language)
        if request.method not in ("GET", "POST"):
            raise _plainly(HTTPStatus.METHOD_NOT_ALLOWED, "bad_method", language)
        if request.method == "GET" and request.path == ENTRANCE:
            raise Answered(self._entered(request, language))
        if request.method == "POST":
            self._demand_own_origin(request, host, language)
        base = self._visits.base
        below = request.path.startswith(f"{base}/")
        visit = self._visits.of(request.headers) if below and _is_from_here(request) else None
        if visit is None:
            # The path is told to whoever was there already: a link that was opened from another
            # page (web mail) leaves its cookie, which comes only with a step from our own page.
            onward = f"{base}/" if below else ""
            sheet = doorstep(language, "doorstep_none", onward)
            raise Answered(_page(HTTPStatus.FORBIDDEN, sheet))
        return visit

    def _entered(self, request: Request, language: str) -> Answer:
        token = _fields(request.target.partition("?")[2]).get("token", "")
        visit = self._visits.enter(token)
        if visit is None:
            return _page(HTTPStatus.FORBIDDEN, doorstep(language, "doorstep_used"))
        self._told(self.link)
        return _onward(f"{self._visits.base}/", {"Set-Cookie": self._visits.set_cookie(visit)})

    def _demand_own_origin(self, request: Request, host: str, language: str) -> None:
        origins = request.headers.getall("origin", [])
        if origins != [f"http://{host}"]:
            raise _plainly(HTTPStatus.FORBIDDEN, "bad_origin", language)


async def _body(reader: asyncio.StreamReader, request: Request, language: str) -> bytes:
    """What follows the head; it is read before anything is refused, for who closes a connection
    with something unread takes the answer back. Raises Answered."""
    if not request.has_body:
        return b""
    size_bytes = announced_bytes(request)
    if size_bytes is None:
        raise _plainly(HTTPStatus.BAD_REQUEST, "bad_form", language)
    if size_bytes > FORM_BYTES:
        raise _plainly(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_long", language)
    body = await reader.readexactly(size_bytes)
    if media_type(request) != _FORM:
        raise _plainly(HTTPStatus.BAD_REQUEST, "bad_form", language)
    return body


def _form(body: bytes, visit: Visit, language: str) -> Mapping[str, str]:
    """The fields of a form of this visit. Raises Answered."""
    form = _fields(body.decode("latin-1"))
    given = form.get(TOKEN_FIELD, "").encode()
    if not hmac.compare_digest(given, visit.form_token.encode()):
        raise _plainly(HTTPStatus.FORBIDDEN, "bad_form", language)
    return form


def _is_from_here(request: Request) -> bool:
    """Whether the browser says that no other page is behind the request; old ones say nothing."""
    return set(request.headers.getall("sec-fetch-site", [])) <= _OWN_SITE


def _fields(encoded: str) -> dict[str, str]:
    """The fields of a query or a form; none of them when they are not well-formed."""
    try:
        pairs = parse_qsl(
            encoded, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:  # not UTF-8, or too many
        return {}
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else {}


def _plainly(status: HTTPStatus, word: str, language: str) -> Answered:
    """A sentence and nothing else, for who is not let in."""
    return Answered(_told(status, WORDS[language][word]))


def _told(status: HTTPStatus, sentence: str) -> Answer:
    headers = {**HEADERS, "Content-Type": "text/plain; charset=utf-8"}
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = "GET, POST"
    return Answer(status, headers, f"{sentence}\n".encode())


def _page(status: HTTPStatus, html: str) -> Answer:
    return Answer(status, {**HEADERS, "Content-Type": "text/html; charset=utf-8"}, html.encode())


def _onward(path: str, more: Mapping[str, str] | None = None) -> Answer:
    return Answer(HTTPStatus.SEE_OTHER, {**HEADERS, "Location": path, **(more or {})})
