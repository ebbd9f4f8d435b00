"""The second door: HTTP on this machine, for the business's own programs.

It listens on the loopback address alone, and still trusts nobody there: every request bears the
token from a file that only the owner reads. A web page that the owner has open could reach a
loopback port, so what comes under another host's name (DNS rebinding) or with an Origin is refused
before anything else is looked at.
"""

import asyncio
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

import msgspec

from plausch.agent.ical.feed import MEDIA_TYPE, Feed
from plausch.agent.ledger import CallName
from plausch.agent.operations.executor import MAX_PARAMS_BYTES, Executor
from plausch.agent.operations.openapi import document
from plausch.agent.operations.refusal import Refusal
from plausch.base.errors import OperatorError
from plausch.base.http import COMMON_HEADERS, Answer, BadRequest, Request
from plausch.local.loopback import (
    HOST,
    Answered,
    HeadTooLong,
    LoopbackPort,
    announced_bytes,
    media_type,
    read_head,
)

CALLER = "http"
"""In place of a device, in the name of a call that came by this door."""

_JSON = "application/json"
_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
_STATUS = {
    "bad_params": HTTPStatus.BAD_REQUEST,
    "bad_request": HTTPStatus.BAD_REQUEST,
    "unknown_operation": HTTPStatus.NOT_FOUND,
    "unknown": HTTPStatus.NOT_FOUND,
    "mishap": HTTPStatus.INTERNAL_SERVER_ERROR,
}

FeedNow = Callable[[], Awaitable[Feed]]
"""What is served under a secret path, as it is now."""


class Refused(Answered):
    """The request gets this answer and nothing is done."""

    def __init__(self, status: HTTPStatus, code: str, sentence: str) -> None:
        super().__init__(_told(status, msgspec.json.encode(Refusal(code, sentence))))


@dataclass(frozen=True, slots=True)
class Came:
    """A request with its body."""

    request: Request
    body: bytes


class HttpDoor:
    """A listening port. `feeds` are served under their paths, which are secrets, without token."""

    def __init__(
        self, executor: Executor, token: str, feeds: Mapping[str, FeedNow] | None = None
    ) -> None:
        self._executor = executor
        self._token = token
        self._feeds = dict(feeds or {})
        self._port = LoopbackPort(self._read, self._answer)

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._port.url

    async def start(self, port: int) -> None:
        """Listen on a port, 0 for a free one. Raises OperatorError when it is taken."""
        await self._port.start(port, "--api")

    async def close(self) -> None:
        """Listen no more."""
        self._port.close()

    # --- one request -------------------------------------------------------------------------

    async def _read(self, reader: asyncio.StreamReader) -> Came:
        """The request, looked at before its body is. Raises Refused."""
        try:
            request = await read_head(reader)
        except HeadTooLong as error:
            status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise Refused(status, error.code, str(error)) from error
        except BadRequest as error:
            raise Refused(HTTPStatus.BAD_REQUEST, error.code, str(error)) from error
        self._demand_local(request)
        if request.path in self._feeds and request.method == "GET":
            return Came(request, b"")
        self._demand_token(request)
        return Came(request, await _body(reader, request))

    def _demand_local(self, request: Request) -> None:
        if self._port.host_of(request) is None:
            raise Refused(
                HTTPStatus.FORBIDDEN,
                "bad_host",
                f"This door answers under the name {HOST} alone: ask {self.url}.",
            )
        if "origin" in request.headers:
            raise Refused(
                HTTPStatus.FORBIDDEN, "bad_origin", "No web page may ask here: use a program."
            )

    def _demand_token(self, request: Request) -> None:
        given = request.headers.getall("authorization", [])
        expected = f"Bearer {self._token}".encode()
        if len(given) != 1 or not hmac.compare_digest(given[0].encode("utf-8"), expected):
            raise Refused(
                HTTPStatus.UNAUTHORIZED,
                "bad_token",
                "Every request bears the token: Authorization: Bearer TOKEN, with the text of the "
                "agent's file api.token.",
            )

    # --- answers -----------------------------------------------------------------------------

    async def _answer(self, came: Came) -> Answer:
        request = came.request
        name = request.path.removeprefix("/v1/")
        if request.method == "GET" and request.path in self._feeds:
            return await self._serve_feed(request)
        if request.method == "GET" and request.path == "/v1/openapi.json":
            described = document(self._executor.operations, self.url)
            return _told(HTTPStatus.OK, msgspec.json.encode(described))
        if name == request.path or not name:
            raise Refused(
                HTTPStatus.NOT_FOUND, "not_found", "Operations are asked for at /v1/OPERATION."
            )
        if request.method != "POST":
            raise Refused(
                HTTPStatus.METHOD_NOT_ALLOWED, "bad_method", "An operation is asked for by POST."
            )
        return await self._execute(name, came)

    async def _serve_feed(self, request: Request) -> Answer:
        """The calendar; calendars ask again and again, and mostly have it already."""
        try:
            feed = await self._feeds[request.path]()
        except OperatorError as error:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, error.code, str(error)) from error
        known = feed.is_known_as(request.headers.get("if-none-match", ""))
        status = HTTPStatus.NOT_MODIFIED if known else HTTPStatus.OK
        answer = _told(status, b"" if known else feed.body, MEDIA_TYPE)
        return Answer(status, {**answer.headers, "ETag": feed.etag}, answer.body)

    async def _execute(self, name: str, came: Came) -> Answer:
        keys = came.request.headers.getall("idempotency-key", [])
        if keys and (len(keys) > 1 or not _KEY.fullmatch(keys[0])):
            raise Refused(
                HTTPStatus.BAD_REQUEST,
                "bad_request",
                "An Idempotency-Key has 8 to 64 letters, digits, - and _.",
            )
        call = CallName(CALLER, keys[0]) if keys else None
        try:
            outcome = await self._executor.execute(name, came.body, call)
        except OperatorError as error:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, error.code, str(error)) from error
        if isinstance(outcome.refusal, Refusal):
            status = _STATUS.get(outcome.refusal.code, HTTPStatus.CONFLICT)
            return _told(status, msgspec.json.encode(outcome.refusal))
        return _told(HTTPStatus.OK, msgspec.json.encode(outcome.result))


async def _body(reader: asyncio.StreamReader, request: Request) -> bytes:
    """The bytes that follow the head. Raises Refused."""
    if request.method != "POST":
        if request.has_body:
            raise Refused(HTTPStatus.BAD_REQUEST, "bad_request", "Only a POST has a body here.")
        return b""
    if media_type(request) != _JSON:
        raise Refused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "bad_request", f"The body is {_JSON}: say so."
        )
    size_bytes = announced_bytes(request)
    if size_bytes is None:
        raise Refused(
            HTTPStatus.LENGTH_REQUIRED, "bad_request", "The body's Content-Length must be said."
        )
    if size_bytes > MAX_PARAMS_BYTES:
        raise Refused(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "bad_request",
            f"Params have at most {MAX_PARAMS_BYTES} bytes.",
        )
    return await reader.readexactly(size_bytes)


def _told(status: HTTPStatus, body: bytes, kind: str = _JSON) -> Answer:
    headers = {**COMMON_HEADERS, "Cache-Control": "no-store", "Content-Type": kind}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Answer(status, headers, body)
