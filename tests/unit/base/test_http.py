"""Heads of requests in, heads of answers out: what is understood, what is refused."""

from email.utils import parsedate_to_datetime
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from plausch.base.errors import Fault
from plausch.base.http import (
    COMMON_HEADERS,
    MOST_HEADERS,
    Answer,
    BadRequest,
    Request,
    accepted_encodings,
    is_known,
    parse_request,
    preferred_language,
)


def headers(**values: str) -> CIMultiDict[str]:
    return CIMultiDict({name.replace("_", "-"): text for name, text in values.items()})


# --- in ------------------------------------------------------------------------------------


def test_a_browsers_request() -> None:
    head = (
        b"GET /zur-linde?table=4 HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\n"
        b"Accept-Encoding: gzip, deflate, br\r\nX-Empty:\r\nX-Spaced: \t a b \t"
    )
    request = parse_request(head)
    assert (request.method, request.target) == ("GET", "/zur-linde?table=4")
    assert request.path == "/zur-linde"
    assert request.headers["host"] == "example.org"
    assert request.headers["x-empty"] == ""
    assert request.headers["X-SPACED"] == "a b"
    assert not request.has_body


def test_an_old_proxys_request() -> None:
    assert parse_request(b"HEAD / HTTP/1.0").method == "HEAD"


def test_headers_of_one_name_are_all_kept() -> None:
    request = parse_request(b"GET / HTTP/1.1\r\nOrigin: a\r\norigin: b")
    assert request.headers.getall("Origin") == ["a", "b"]


def test_nothing_in_a_path_is_decoded_or_normalised() -> None:
    for target in ("/%2e%2e/x", "/a/../b", "//x", "/a%2Fb", "/%00", "/a;b"):
        assert parse_request(f"GET {target} HTTP/1.1".encode()).path == target


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"GET",
        b"GET /",
        b"GET / HTTP/1.1 ",
        b" GET / HTTP/1.1",
        b"GET  / HTTP/1.1",
        b"GET / HTTP/2.0",
        b"GET / HTTP/1.11",
        b"GET / http/1.1",
        b"get / HTTP/1.1",
        b"G\xc9T / HTTP/1.1",
        b"GET * HTTP/1.1",
        b"GET x HTTP/1.1",
        b"GET http://example.org/ HTTP/1.1",
        b"GET /a b HTTP/1.1",
        b"GET /\xff HTTP/1.1",
        b"GET /\x00 HTTP/1.1",
        b"GET /\n HTTP/1.1",
        b"METHODWITHMANYLETTERS / HTTP/1.1",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
)
def test_a_first_line_that_is_none(line: bytes) -> None:
    with pytest.raises(BadRequest, match="first line"):
        parse_request(line)


@pytest.mark.parametrize(
    "line",
    [
        b"no colon",
        b": no name",
        b"Na me: x",
        b"Name : x",
        b" folded",
        b"\tfolded: x",
        b"Name: a\x00b",
        b"Name: a\nEvil: b",
        b"Name: a\rb",
        b"N\xe4me: x",
        b"",
    ],
)
def test_a_header_that_is_none(line: bytes) -> None:
    with pytest.raises(BadRequest, match="Header 2") as caught:
        parse_request(b"GET / HTTP/1.1\r\nHost: x\r\n" + line)
    assert caught.value.fault is Fault.REMOTE


def test_only_so_many_headers() -> None:
    head = b"GET / HTTP/1.1" + b"\r\nA: b" * MOST_HEADERS
    assert len(parse_request(head).headers.getall("A")) == MOST_HEADERS
    with pytest.raises(BadRequest, match="more than 100 headers"):
        parse_request(head + b"\r\nA: b")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_refused(raw: bytes) -> None:
    for head in (raw, b"GET / HTTP/1.1\r\n" + raw):
        try:
            request = parse_request(head)
        except BadRequest:
            continue
        assert request.target.startswith("/")
        assert all("\r" not in text and "\n" not in text for text in request.headers.values())


@pytest.mark.parametrize(
    ("given_headers", "body"),
    [
        ({}, False),
        ({"content_length": "0"}, False),
        ({"content_length": "1"}, True),
        ({"content_length": "00"}, True),
        ({"content_length": ""}, True),
        ({"content_length": "-1"}, True),
        ({"transfer_encoding": "chunked"}, True),
        ({"transfer_encoding": "identity"}, True),
    ],
)
def test_what_announces_a_body(given_headers: dict[str, str], body: bool) -> None:
    assert Request("GET", "/", headers(**given_headers)).has_body is body


def test_two_lengths_are_a_body_if_one_of_them_is() -> None:
    two = headers(content_length="0")
    two.add("Content-Length", "7")
    assert Request("GET", "/", two).has_body


# --- encodings and entity tags ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("gzip, deflate, br, zstd", {"gzip", "deflate", "br", "zstd"}),
        ("GZip;q=0.5 , br ; q=1.0", {"gzip", "br"}),
        ("br;q=0, gzip;q=0.0, identity", {"identity"}),
        ("br; q=0.001", {"br"}),
        ("br;level=4;q=0", set()),
        ("*", {"*"}),
        ("", set()),
        (",,;,", {""}),
    ],
)
def test_encodings_that_a_browser_takes(text: str, accepted: set[str]) -> None:
    assert accepted_encodings(headers(accept_encoding=text)) == accepted


def test_who_names_no_encoding_takes_none() -> None:
    assert accepted_encodings(headers()) == frozenset()


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ('"abc"', True),
        ('W/"abc"', True),
        ('"x", W/"y" , "abc"', True),
        ("*", True),
        ('"abcd"', False),
        ("abc", False),
        ('"abc-gzip"', False),
        ("", False),
    ],
)
def test_entity_tags_that_a_browser_has(text: str, known: bool) -> None:
    assert is_known('"abc"', headers(if_none_match=text)) is known


def test_without_the_header_nothing_is_known() -> None:
    assert not is_known('"abc"', headers())


# --- out -----------------------------------------------------------------------------------


def fields(answer: Answer) -> tuple[str, dict[str, str]]:
    first, *lines = answer.head().decode("latin-1").split("\r\n")
    assert lines[-2:] == ["", ""]
    return first, dict(line.split(": ", 1) for line in lines[:-2])


def test_the_head_of_an_answer() -> None:
    first, found = fields(Answer(HTTPStatus.OK, {"Content-Type": "text/plain"}, b"12345"))
    assert first == "HTTP/1.1 200 OK"
    assert parsedate_to_datetime(found.pop("Date")).utcoffset() is not None
    assert found == {"Content-Type": "text/plain", "Connection": "close", "Content-Length": "5"}


def test_an_empty_body_has_a_length_too() -> None:
    assert fields(Answer(HTTPStatus.NOT_FOUND, {}))[1]["Content-Length"] == "0"


def test_what_the_browser_has_already_has_none() -> None:
    first, found = fields(Answer(HTTPStatus.NOT_MODIFIED, {"ETag": '"x"'}))
    assert first == "HTTP/1.1 304 Not Modified"
    assert "Content-Length" not in found
    assert found["ETag"] == '"x"'


def test_the_connection_is_never_kept() -> None:
    assert fields(Answer(HTTPStatus.OK, {"Connection": "keep-alive"}))[1]["Connection"] == "close"


def test_transport_security_is_the_proxys_affair() -> None:
    assert "Strict-Transport-Security" not in COMMON_HEADERS


# --- languages -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de", "de"),
        ("en-GB", "en"),
        ("EN;Q=1.0", "en"),
        ("de;q=0.3, en;q=0.4", "en"),
        ("de;q=0.4, en;q=0.4", "de"),
        ("de;q=0", "xx"),
        ("de;q=nan", "xx"),
        ("de;level=1", "xx"),
        ("fr, *", "xx"),
        (",;,=", "xx"),
        ("", "xx"),
    ],
)
def test_the_language_that_is_liked_best(accepted: str, language: str) -> None:
    fields = headers(accept_language=accepted)
    assert preferred_language(fields, ("de", "en"), "xx") == language
