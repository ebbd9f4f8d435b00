"""The operator's page on a port of this machine: who is let in, and what is refused before it.

It listens on the loopback address alone, and trusts nobody there. A web page that the operator has
open can reach a loopback port, also under a name of its own (DNS rebinding), and so can programs of
other users. In this order: the Host is ours; a link's token makes a visit; what comes from another
page goes no further; every page wants the visit's cookie; every form wants our Origin and the
visit's form token.
"""

import asyncio
import hmac
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from plausch.base.clock import Clock
from plausch.base.errors import OperatorError
from plausch.base.http import (
    COMMON_HEADERS,
    HEAD_BYTES,
    HEAD_END,
    Answer,
    BadRequest,
    Request,
    parse_request,
    preferred_language,
)
from plausch.server.operator_desk import OperatorDesk, Sheet
from plausch.server.operator_page import POLICY, TOKEN_FIELD, OperatorPage, doorstep
from plausch.server.operator_visits import Visit, Visits
from plausch.server.operator_words import WORDS

HOST: Final = "127.0.0.1"
ENTRANCE = "/enter"
REQUEST_TIMEOUT_S = 10.0
ANSWER_TIMEOUT_S = 30.0
MOST_CONNECTIONS = 64
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


class Refused(Exception):
    """The request gets this answer and nothing is done."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status.phrase)
        self.answer = answer


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
        self._hosts: frozenset[str] = frozenset()
        self._server: asyncio.Server | None = None
        self._open = 0
        self.url = ""

    async def start(self, port: int) -> None:
        """Listen on a port, 0 for a free one. Raises OperatorError when it is taken."""
        try:
            self._server = await asyncio.start_server(self._serve, HOST, port, limit=HEAD_BYTES)
        except OSError as error:
            raise OperatorError(
                f"Port {port} cannot be listened on ({error.strerror}): choose another with "
                "--port.",
                code="port_taken",
            ) from error
        taken = self._server.sockets[0].getsockname()[1]
        self._hosts = frozenset({f"{HOST}:{taken}", f"localhost:{taken}"})
        self.url = f"http://{HOST}:{taken}"
        self._told(self.link)

    @property
    def link(self) -> str:
        """What lets one browser in, once."""
        return f"{self.url}{ENTRANCE}?token={self._visits.token}"

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    # --- one connection --------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer, and the end."""
        self._open += 1
        try:
            if self._open <= MOST_CONNECTIONS:
                await self._talk(reader, writer)
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            pass  # whoever asked is gone
        finally:
            self._open -= 1
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                request = await _head(reader)
                language = preferred_language(request.headers, tuple(WORDS), self._language)
                body = await _body(reader, request, language)
            visit = self._let_in(request, language)
            form = _form(body, visit, language) if request.method == "POST" else None
            answer = await self._answer(request, visit, form, language)
        except Refused as refused:
            answer = refused.answer
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            writer.write(answer.head() + answer.body)
            await writer.drain()

    # --- who is let in ---------------------------------------------------------------------------

    def _let_in(self, request: Request, language: str) -> Visit:
        """The visit that this request belongs to. Raises Refused, also with a link's answer."""
        hosts = request.headers.getall("host", [])
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            raise _plainly(HTTPStatus.FORBIDDEN, "bad_host", language)
        if request.method not in ("GET", "POST"):
            raise _plainly(HTTPStatus.METHOD_NOT_ALLOWED, "bad_method", language)
        if request.method == "GET" and request.path == ENTRANCE:
            raise Refused(self._entered(request, language))
        if request.method == "POST":
            self._demand_own_origin(request, hosts[0].lower(), language)
        base = self._visits.base
        below = request.path.startswith(f"{base}/")
        visit = self._visits.of(request.headers) if below and _is_from_here(request) else None
        if visit is None:
            # The path is told to whoever was there already: a link that was opened from another
            # page (web mail) leaves its cookie, which comes only with a step from our own page.
            onward = f"{base}/" if below else ""
            sheet = doorstep(language, "doorstep_none", onward)
            raise Refused(_page(HTTPStatus.FORBIDDEN, sheet))
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

    # --- answers ---------------------------------------------------------------------------------

    async def _answer(
        self, request: Request, visit: Visit, form: Mapping[str, str] | None, language: str
    ) -> Answer:
        path = request.path.removeprefix(self._visits.base)
        page = OperatorPage(language, self._visits.base, visit.form_token, self._folder)
        if form is None:
            query = _fields(request.target.partition("?")[2])
            found = await self._desk.show(path, query, page)
            return _page(found.status, found.html)
        outcome = await self._desk.order(path, form, page)
        if isinstance(outcome, Sheet):
            return _page(outcome.status, outcome.html)
        return _onward(f"{self._visits.base}{outcome.path}")


async def _head(reader: asyncio.StreamReader) -> Request:
    """Raises Refused."""
    try:
        head = await reader.readuntil(HEAD_END)
        return parse_request(head[: -len(HEAD_END)])
    except asyncio.LimitOverrunError:
        sentence = f"The head of a request has at most {HEAD_BYTES // 1024} KiB."
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        raise Refused(_told(status, sentence)) from None
    except BadRequest as error:
        raise Refused(_told(HTTPStatus.BAD_REQUEST, str(error))) from error


async def _body(reader: asyncio.StreamReader, request: Request, language: str) -> bytes:
    """What follows the head; it is read before anything is refused, for who closes a connection
    with something unread takes the answer back. Raises Refused."""
    if not request.has_body:
        return b""
    lengths = request.headers.getall("content-length", [])
    announced = len(lengths) == 1 and re.fullmatch(r"[0-9]{1,9}", lengths[0])
    if not announced or "transfer-encoding" in request.headers:
        raise _plainly(HTTPStatus.BAD_REQUEST, "bad_form", language)
    if int(lengths[0]) > FORM_BYTES:
        raise _plainly(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_long", language)
    body = await reader.readexactly(int(lengths[0]))
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise _plainly(HTTPStatus.BAD_REQUEST, "bad_form", language)
    return body


def _form(body: bytes, visit: Visit, language: str) -> Mapping[str, str]:
    """The fields of a form of this visit. Raises Refused."""
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


def _plainly(status: HTTPStatus, word: str, language: str) -> Refused:
    """A sentence and nothing else, for who is not let in."""
    return Refused(_told(status, WORDS[language][word]))


def _told(status: HTTPStatus, sentence: str) -> Answer:
    headers = {**HEADERS, "Content-Type": "text/plain; charset=utf-8"}
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = "GET, POST"
    return Answer(status, headers, f"{sentence}\n".encode())


def _page(status: HTTPStatus, html: str) -> Answer:
    return Answer(status, {**HEADERS, "Content-Type": "text/html; charset=utf-8"}, html.encode())


def _onward(path: str, more: Mapping[str, str] | None = None) -> Answer:
    return Answer(HTTPStatus.SEE_OTHER, {**HEADERS, "Location": path, **(more or {})})
