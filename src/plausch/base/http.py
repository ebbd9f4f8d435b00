"""Plain HTTP (RFC 9110, RFC 9112), as little of it as a browser needs: the head of a request in,
the bytes of an answer out. A connection carries one request without a body, and one answer.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

from multidict import CIMultiDict

from plausch.base.errors import RemoteError

HEAD_END = b"\r\n\r\n"
HEAD_BYTES = 16 * 1024
MOST_HEADERS = 100

COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""On every answer. Strict-Transport-Security is not among them: it is the proxy, which speaks TLS,
that knows whether this name will always have a certificate."""

_WEIGHT = re.compile(r"q=([01](?:\.[0-9]{0,3})?)")
_REQUEST_LINE = re.compile(r"([A-Z]{1,16}) (/[!-~]*) HTTP/1\.[01]")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")


class BadRequest(RemoteError):
    """The bytes are no request of HTTP/1.1 that this server could understand."""

    code = "bad_request"


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request: method, path with its query, headers (several may have one name)."""

    method: str
    target: str
    headers: CIMultiDict[str]

    @property
    def path(self) -> str:
        """The target without its query, as it was sent: nothing is decoded or normalised."""
        return self.target.partition("?")[0]

    @property
    def has_body(self) -> bool:
        """Whether bytes are announced to follow."""
        lengths = self.headers.getall("content-length", [])
        return "transfer-encoding" in self.headers or any(length != "0" for length in lengths)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. The body is shared between all who get it and never copied."""

    status: HTTPStatus
    headers: Mapping[str, str]
    body: bytes = b""

    def head(self) -> bytes:
        """Status line and headers, up to and with the empty line. The connection ends after it."""
        fields = {"Date": formatdate(usegmt=True), **self.headers, "Connection": "close"}
        if self.status is not HTTPStatus.NOT_MODIFIED:
            fields["Content-Length"] = str(len(self.body))
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


def parse_request(head: bytes) -> Request:
    """The request whose head this is, without the empty line at its end. Raises BadRequest."""
    first, *lines = head.decode("latin-1").split("\r\n")
    found = _REQUEST_LINE.fullmatch(first)
    if found is None:
        raise BadRequest("The request's first line is not one of HTTP/1.1, like GET / HTTP/1.1.")
    if len(lines) > MOST_HEADERS:
        raise BadRequest(f"The request has more than {MOST_HEADERS} headers.")
    headers: CIMultiDict[str] = CIMultiDict()
    for number, line in enumerate(lines, 1):
        header = _HEADER.fullmatch(line)
        if header is None:
            raise BadRequest(f"Header {number} of the request is not of the form Name: value.")
        headers.add(header[1], header[2].rstrip(" \t"))
    return Request(found[1], found[2], headers)


def accepted_encodings(headers: CIMultiDict[str]) -> frozenset[str]:
    """The content codings that Accept-Encoding names and does not refuse, in lower case."""
    found = set()
    for entry in _entries(headers.getall("accept-encoding", [])):
        name, *parameters = (part.strip().lower() for part in entry.split(";"))
        if not any(re.fullmatch(r"q=0(\.0*)?", one) for one in parameters):
            found.add(name)
    return frozenset(found)


def preferred_language(headers: CIMultiDict[str], offered: Sequence[str], default: str) -> str:
    """The offered language that Accept-Language likes best (RFC 9110 section 12.5.4)."""
    best, liked = default, 0.0
    for entry in _entries(headers.getall("accept-language", [])):
        tag, *parameters = (part.strip().lower() for part in entry.split(";"))
        found = next((_WEIGHT.fullmatch(one) for one in parameters), None)
        weight = float(found[1]) if found else (0.0 if parameters else 1.0)
        language = tag.partition("-")[0]
        if language in offered and weight > liked:
            best, liked = language, weight
    return best


def is_known(etag: str, headers: CIMultiDict[str]) -> bool:
    """Whether If-None-Match names this entity tag (weak comparison, as RFC 9110 has it)."""
    given = {entry.removeprefix("W/") for entry in _entries(headers.getall("if-none-match", []))}
    return "*" in given or etag in given


def _entries(values: Iterable[str]) -> list[str]:
    return [entry.strip() for value in values for entry in value.split(",") if entry.strip()]
