"""A calendar collection on somebody's server: WebDAV and CalDAV as far as the agent needs them.

RFC 4918 (PROPFIND, PUT, DELETE), RFC 4791 (calendar-query), RFC 6578 (sync-collection). Calls
block, so they are made on a thread. Every answer is bounded in size and time, XML declares no
entities, and no redirection is followed, because it would carry the password elsewhere. Why this is
no library: docs/decisions/0017-own-small-caldav-client.md.
"""

import http.client
import ssl
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_address
from types import MappingProxyType
from typing import Self
from urllib.parse import quote, unquote, urlsplit
from xml.etree.ElementTree import Element  # nosec B405: only the type; defusedxml parses

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from plausch.agent.ical.lines import instant
from plausch.base.errors import LocalError, OperatorError, RemoteError

MAX_ANSWER_BYTES = 32 * 1024 * 1024
MAX_SECONDS = 60.0
_CHUNK_BYTES = 64 * 1024

_NONE: Mapping[str, str] = MappingProxyType({})
_DAV = "{DAV:}"
_CAL = "{urn:ietf:params:xml:ns:caldav}"
_XML = '<?xml version="1.0" encoding="utf-8"?>'
_LISTING = f'{_XML}<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
_SYNC = (
    f'{_XML}<sync-collection xmlns="DAV:"><sync-token>%s</sync-token>'
    "<sync-level>1</sync-level><prop><getetag/></prop></sync-collection>"
)
_QUERY = (
    f'{_XML}<C:calendar-query xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><prop>'
    '<C:calendar-data/></prop><C:filter><C:comp-filter name="VCALENDAR">'
    '<C:comp-filter name="VEVENT"><C:time-range start="%s" end="%s"/></C:comp-filter>'
    "</C:comp-filter></C:filter></C:calendar-query>"
)


class AddressRefused(LocalError):
    """The collection's address cannot be used: the sentence says why."""

    code = "calendar_address"


class DavUnreachable(OperatorError):
    """No answer, or one that says "later"; `after_s` is how long the server asks to wait, or 0."""

    code = "calendar_unreachable"

    def __init__(self, sentence: str, after_s: int = 0) -> None:
        super().__init__(sentence)
        self.after_s = after_s


class DavRefused(RemoteError):
    """The calendar's server said no; `status` is HTTP's, 0 when the answer could not be read."""

    code = "calendar_refused"

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class CollectionAddress:
    """Where a collection is and who reads and writes it; the password is not shown."""

    url: str
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Stored:
    """A resource as it is on the server."""

    etag: str
    text: str


@dataclass(frozen=True, slots=True)
class Changes:
    """ETags of changed resources by name, names of those that are gone, and where to go on from.

    `is_whole`: these are all that there are, so what is not among them is gone.
    """

    token: str
    changed: Mapping[str, str]
    gone: frozenset[str]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class DavAnswer:
    """What came back, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def check_address(url: str) -> None:
    """Refuse what is no https address; http is for this machine alone. Raises AddressRefused."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise AddressRefused(f"The calendar's address is none: {error}; correct it.") from error
    if parts.scheme not in ("https", "http") or not host or not url.isprintable() or " " in url:
        raise AddressRefused(
            "The calendar's address must look like https://calendar.example/linde/bookings/."
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise AddressRefused(
            "The calendar's address holds a user, a query or a fragment: write user and password "
            "as settings of their own."
        )
    if parts.scheme == "http" and not _is_this_machine(host):
        raise AddressRefused(
            "The calendar's address begins with http://, which anybody on the way could read: use "
            "https:// (http is for servers on this machine)."
        )


def path_of(path: str) -> str:
    """A path as it is sent, however it is written."""
    return quote(unquote(path), safe="/~@!$&'()*+,;=:")


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Dav:
    """A server; every call but `connected` is made within `with dav.connected()`."""

    def __init__(self, address: CollectionAddress, timeout_s: float = 20.0) -> None:
        check_address(address.url)
        self._parts = urlsplit(address.url)
        self._timeout_s = timeout_s
        self._headers = {"User-Agent": "Plausch"}
        if address.user:
            secret = b64encode(f"{address.user}:{address.password}".encode()).decode()
            self._headers["Authorization"] = f"Basic {secret}"
        self._connection: http.client.HTTPConnection | None = None

    @contextmanager
    def connected(self) -> Iterator[Self]:
        """A connection for the calls of one round."""
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            context = ssl.create_default_context()
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=self._timeout_s, context=context
            )
        else:
            connection = http.client.HTTPConnection(host, port, timeout=self._timeout_s)
        self._connection = connection
        try:
            yield self
        finally:
            self._connection = None
            connection.close()

    def ask(
        self, method: str, path: str, body: str = "", headers: Mapping[str, str] = _NONE
    ) -> DavAnswer:
        """One request and its bounded answer. Raises DavUnreachable, also for "later"."""
        connection = self._connection
        if connection is None:
            raise AssertionError("calls are made within connected()")
        sent = {**self._headers, **headers}
        if body and "Content-Type" not in sent:
            sent["Content-Type"] = "application/xml; charset=utf-8"
        try:
            connection.request(method, path, body.encode() or None, sent)
            response = connection.getresponse()
            content = _bounded(response)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise DavUnreachable(
                f"The calendar's server at {self._parts.hostname} does not answer "
                f"({type(error).__name__}); it is tried again."
            ) from error
        answered = {key.lower(): value for key, value in response.getheaders()}
        busy = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.LOCKED)
        failed = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        if (failed and response.status != HTTPStatus.NOT_IMPLEMENTED) or response.status in busy:
            wait = answered.get("retry-after", "")
            raise DavUnreachable(
                f"The calendar's server at {self._parts.hostname} cannot now ({response.status}); "
                "it is tried again.",
                int(wait) if wait.isascii() and wait.isdigit() and len(wait) < 6 else 0,
            )
        return DavAnswer(response.status, answered, content)


class Collection(Dav):
    """One collection. All calls raise DavUnreachable and DavRefused."""

    def __init__(self, address: CollectionAddress, timeout_s: float = 20.0) -> None:
        super().__init__(address, timeout_s)
        self._path = path_of(self._parts.path.rstrip("/")) + "/"

    def changes(self, token: str) -> Changes:
        """What changed since `token`; everything for an empty or forgotten token.

        A server that knows no sync-collection is asked for the whole list, every time.
        """
        answer = self._ask("REPORT", "", _SYNC % _escaped(token), {"Depth": "0"})
        if answer.status in (HTTPStatus.FORBIDDEN, HTTPStatus.CONFLICT) and token:
            return self.changes("")
        if answer.status == HTTPStatus.MULTI_STATUS:
            return self._read_changes(answer, is_whole=not token)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise self._no(answer, "list the bookings")
        listing = self._ask("PROPFIND", "", _LISTING, {"Depth": "1"})
        if listing.status != HTTPStatus.MULTI_STATUS:
            raise self._no(listing, "list the bookings")
        return self._read_changes(listing, is_whole=True)

    def get(self, name: str) -> Stored | None:
        """A resource; None if there is none."""
        answer = self._ask("GET", name)
        if answer.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            return None
        if answer.status != HTTPStatus.OK:
            raise self._no(answer, "read a booking")
        return Stored(answer.headers.get("etag", ""), answer.body.decode("utf-8", "replace"))

    def put(self, name: str, text: str, etag: str) -> str | None:
        """Write over the version that `etag` names, or something new for an empty one.

        The new ETag, which may be empty (the server does not tell); None if another version is
        there (412).
        """
        condition = {"If-Match": etag} if etag else {"If-None-Match": "*"}
        headers = {"Content-Type": "text/calendar; charset=utf-8", **condition}
        answer = self._ask("PUT", name, text, headers)
        if answer.status == HTTPStatus.PRECONDITION_FAILED:
            return None
        if answer.status not in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT):
            raise self._no(answer, "write a booking")
        return answer.headers.get("etag", "")

    def delete(self, name: str, etag: str) -> bool:
        """Delete the version that `etag` names; False if another version is there (412)."""
        answer = self._ask("DELETE", name, headers={"If-Match": etag} if etag else _NONE)
        if answer.status == HTTPStatus.PRECONDITION_FAILED:
            return False
        gone = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
        if answer.status not in (HTTPStatus.OK, HTTPStatus.NO_CONTENT, *gone):
            raise self._no(answer, "delete a booking")
        return True

    def texts(self, first_s: int, end_s: int) -> list[str]:
        """Every object with an event between two instants (calendar-query)."""
        body = _QUERY % (instant(first_s), instant(end_s))
        answer = self._ask("REPORT", "", body, {"Depth": "1"})
        if answer.status != HTTPStatus.MULTI_STATUS:
            raise self._no(answer, "read its events")
        found = xml_of(answer).iter(f"{_CAL}calendar-data")
        return [one.text for one in found if one.text]

    def _ask(
        self, method: str, name: str, body: str = "", headers: Mapping[str, str] = _NONE
    ) -> DavAnswer:
        return self.ask(method, self._path + quote(name, safe=""), body, headers)

    def _no(self, answer: DavAnswer, wish: str) -> DavRefused:
        status = answer.status
        advice = "look at its settings"
        if status == HTTPStatus.UNAUTHORIZED:
            advice = "user or password in calendar.toml are wrong"
        elif status == HTTPStatus.FORBIDDEN:
            advice = "give the user the right to read and write there"
        elif status == HTTPStatus.NOT_FOUND:
            advice = "there is no calendar at the address in calendar.toml"
        elif HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            advice = "it moved: write the address at which it is now"
        return DavRefused(
            f"The calendar's server at {self._parts.hostname} refused to {wish} ({status}): "
            f"{advice}.",
            status,
        )

    # --- XML -------------------------------------------------------------------------------

    def _read_changes(self, answer: DavAnswer, *, is_whole: bool) -> Changes:
        changed: dict[str, str] = {}
        gone: set[str] = set()
        tree = xml_of(answer)
        for response in tree.iter(f"{_DAV}response"):
            name = self._name(response.findtext(f"{_DAV}href") or "")
            if not name:
                continue
            status = response.findtext(f"{_DAV}status") or ""
            if " 404" in status or " 410" in status:
                gone.add(name)
                continue
            etag = response.findtext(f".//{_DAV}getetag")
            if etag:
                changed[name] = etag
        token = tree.findtext(f"{_DAV}sync-token") or ""
        return Changes(token, changed, frozenset(gone), is_whole)

    def _name(self, href: str) -> str:
        """The name of a resource of this collection; empty for what is none."""
        path = unquote(urlsplit(href).path)
        own = unquote(self._path)
        name = path[len(own) :] if path.startswith(own) else ""
        return "" if "/" in name else name


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def xml_of(answer: DavAnswer) -> Element:
    """The document in an answer. Raises DavRefused."""
    try:
        tree = fromstring(answer.body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise DavRefused(
            "The calendar's server answered with something that is not XML: is the address that "
            "of a CalDAV collection?",
            0,
        ) from error
    if not isinstance(tree, Element):
        raise DavRefused("The calendar's server answered with an empty document.", 0)
    return tree


def _bounded(response: http.client.HTTPResponse) -> bytes:
    """The whole body, within size and time."""
    end = time.monotonic() + MAX_SECONDS
    content = bytearray()
    while chunk := response.read1(_CHUNK_BYTES):
        content += chunk
        if len(content) > MAX_ANSWER_BYTES:
            raise http.client.HTTPException("the answer is too large")
        if time.monotonic() > end:
            raise TimeoutError("the answer takes too long")
    response.close()
    return bytes(content)
