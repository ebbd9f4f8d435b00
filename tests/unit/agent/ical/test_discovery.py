"""Calendars are found at a real Radicale, and at servers that lead astray."""

import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from plausch.agent.ical.dav import AddressRefused, DavRefused, DavUnreachable
from plausch.agent.ical.discovery import MOST_NAME_CHARACTERS, discovered
from radicale_server import PASSWORD, USER, Radicale

Answers = Mapping[str, bytes]
MULTI = "207 Multi-Status"
PRINCIPAL = "<current-user-principal><href>/me/</href></current-user-principal>"
HOME = "<C:calendar-home-set><href>/cal/</href></C:calendar-home-set>"


def said(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def multi(*properties: str, href: str = "/x/") -> bytes:
    responses = "".join(
        f"<response><href>{href}</href><propstat><prop>{one}</prop></propstat></response>"
        for one in properties
    )
    space = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
    return said(MULTI, f"<multistatus {space}>{responses}</multistatus>".encode())


def calendar(name: str, more: str = "") -> str:
    kind = "<resourcetype><collection/><C:calendar/></resourcetype>"
    return f"<displayname>{name}</displayname>{kind}{more}"


@contextmanager
def serving(answers: Answers) -> Iterator[tuple[str, list[str]]]:
    """A server with an answer for each path; its address, and the paths that were asked."""
    listening = socket.create_server(("127.0.0.1", 0))
    asked: list[str] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                taken = b""
                while b"\r\n\r\n" not in taken:
                    taken += connection.recv(65536)
                head, _, body = taken.partition(b"\r\n\r\n")
                length = re.search(rb"Content-Length: (\d+)", head)
                while length and len(body) < int(length[1]):
                    body += connection.recv(65536)
                path = head.split()[1].decode()
                asked.append(path)
                connection.sendall(answers.get(path, said("404 Not Found")))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", asked
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def refused(answers: Answers, path: str = "") -> str:
    with serving(answers) as (url, _), pytest.raises(DavRefused) as caught:
        discovered(url + path, "u", "p", 5)
    sentence = str(caught.value)
    assert sentence.endswith((".", "?"))
    return sentence


def test_the_calendars_of_a_real_server(radicale: Radicale) -> None:
    radicale.make("private")
    for path in ("", "/", f"/{USER}/", f"/{USER}/bookings/"):
        found = discovered(f"http://127.0.0.1:{radicale.port}{path}", USER, PASSWORD)
        assert [one.url for one in found] == [radicale.url("bookings"), radicale.url("private")]
        assert all(one.may_write for one in found)
    radicale.request("DELETE", f"/{USER}/private/")


def test_a_wrong_password_is_a_sentence(radicale: Radicale) -> None:
    with pytest.raises(DavRefused, match="does not take this user and password") as caught:
        discovered(f"http://127.0.0.1:{radicale.port}", USER, "wrong")
    assert "wrong" not in str(caught.value)


def test_nobody_there_is_a_sentence() -> None:
    with serving({}) as (url, _):
        pass
    with pytest.raises(DavUnreachable, match="does not answer"):
        discovered(url, "u", "p", 2)


@pytest.mark.parametrize("server", ["", "http://calendar.example", "ftp://x.example", "a b"])
def test_what_is_no_address_is_not_asked(server: str) -> None:
    with pytest.raises(AddressRefused):
        discovered(server, "u", "p")


def test_well_known_leads_there_and_only_calendars_for_events_are_found() -> None:
    tasks = '<C:supported-calendar-component-set><C:comp name="VTODO"/>'
    reading = "<current-user-privilege-set><privilege><read/></privilege>"
    answers = {
        "/.well-known/caldav": said("301 Moved", b"", "Location: /dav/"),
        "/dav/": multi(PRINCIPAL),
        "/me/": multi(HOME),
        "/cal/": multi(
            "<displayname>Home</displayname><resourcetype><collection/></resourcetype>",
            calendar("b"),
            calendar("Tasks", f"{tasks}</C:supported-calendar-component-set>"),
            calendar("A", f"{reading}</current-user-privilege-set>"),
            calendar("two\u202e\nlines " + "x" * 200),
            calendar(""),
        ),
    }
    with serving(answers) as (url, asked):
        found = discovered(url, "u", "p", 5)
    assert asked == ["/.well-known/caldav", "/dav/", "/me/", "/cal/"]
    assert [one.name[:9] for one in found] == ["A", "b", "two lines", "x"]
    assert [one.may_write for one in found] == [False, True, True, True]
    assert max(len(one.name) for one in found) == MOST_NAME_CHARACTERS


def test_a_server_without_well_known_is_asked_at_its_root() -> None:
    answers = {"/": multi(PRINCIPAL), "/me/": multi(HOME), "/cal/": multi(calendar("b"))}
    with serving(answers) as (url, asked):
        assert len(discovered(url, "u", "p", 5)) == 1
    assert asked[:2] == ["/.well-known/caldav", "/"]


def test_no_caldav_is_a_sentence() -> None:
    assert "No calendars were found at 127.0.0.1" in refused({})
    unknown = "<current-user-principal><unauthenticated/></current-user-principal>"
    assert "No calendars were found" in refused({"/": multi(unknown)})


def test_no_home_is_a_sentence() -> None:
    assert "has no calendars for them" in refused({"/": multi(PRINCIPAL), "/me/": multi("")})


def test_what_is_no_xml_is_a_sentence() -> None:
    assert "not XML" in refused({"/": said(MULTI, b"<html>")})


def test_oauth_is_told_apart() -> None:
    answer = said("401 No", b"", 'WWW-Authenticate: Bearer realm="x"')
    assert "by OAuth only" in refused({"/.well-known/caldav": answer})


@pytest.mark.parametrize("place", ["elsewhere.example", "x127.0.0.1.example", "127.0.0.2"])
def test_the_password_goes_to_no_other_name(place: str) -> None:
    moved = said("302 Found", b"", f"Location: https://{place}/dav/")
    assert f"points to {place}" in refused({"/.well-known/caldav": moved})
    principal = PRINCIPAL.replace("/me/", f"https://{place}/me/")
    assert f"points to {place}" in refused({"/": multi(principal)})
    answers = {"/": multi(PRINCIPAL), "/me/": multi(HOME)}
    elsewhere = multi(calendar("b"), href=f"https://{place}/cal/b/")
    assert f"points to {place}" in refused({**answers, "/cal/": elsewhere})


@pytest.mark.parametrize("place", ["//[", "//[x]/", "http://[::1/"])
def test_a_word_that_is_no_address_is_a_sentence(place: str) -> None:
    no_address = "points to something that is no address"
    moved = said("302 Found", b"", f"Location: {place}")
    assert no_address in refused({"/.well-known/caldav": moved})
    assert no_address in refused({"/": multi(PRINCIPAL.replace("/me/", place))})
    answers = {"/": multi(PRINCIPAL), "/me/": multi(HOME.replace("/cal/", place))}
    assert no_address in refused(answers)
    answers["/me/"] = multi(HOME)
    assert no_address in refused({**answers, "/cal/": multi(calendar("b"), href=place)})


def test_round_and_round_is_a_sentence() -> None:
    moved = said("307 Again", b"", "Location: /.well-known/caldav")
    assert "without end" in refused({"/.well-known/caldav": moved})


def test_a_redirection_to_what_is_no_address_is_refused() -> None:
    moved = said("301 Moved", b"", "Location: http://calendar.example/")
    with serving({"/.well-known/caldav": moved}) as (url, _), pytest.raises(AddressRefused):
        discovered(url, "u", "p", 5)
