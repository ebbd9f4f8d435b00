"""The CalDAV client at a real server, and at servers that do not mean well."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from calendars import entry
from plausch.agent.ical import dav
from plausch.agent.ical.dav import (
    AddressRefused,
    Collection,
    CollectionAddress,
    DavRefused,
    DavUnreachable,
    check_address,
)
from plausch.agent.ical.entries import Style, calendar_text
from radicale_server import USER, Radicale
from vectors.plausch_calendar import PLAIN

TEXT = calendar_text([entry(PLAIN)], Style("de"))
CHANGED = TEXT.replace("Anna", "Berta")


def take_request(connection: socket.socket) -> None:
    """Read one whole request."""
    taken = b""
    while b"\r\n\r\n" not in taken:
        taken += connection.recv(65536)
    head, _, body = taken.partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)


@contextmanager
def answering(*answers: bytes) -> Iterator[Collection]:
    """A server that says exactly this, whatever it is asked, one answer for each request."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            connection, _ = listening.accept()
            with connection:
                for answer in answers:
                    take_request(connection)
                    connection.sendall(answer)
        except OSError:
            pass

    thread = threading.Thread(target=serve)
    thread.start()
    port = listening.getsockname()[1]
    collection = Collection(CollectionAddress(f"http://127.0.0.1:{port}/x/", "u", "p"), 5)
    with collection.connected():
        yield collection
    listening.close()
    thread.join()


def said(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def multi(body: str) -> bytes:
    return said("207 Multi-Status", f'<multistatus xmlns="DAV:">{body}</multistatus>'.encode())


@pytest.mark.parametrize(
    "url",
    [
        "https://calendar.example/linde/",
        "https://calendar.example:8443/a%20b/",
        "http://localhost:5232/x/",
        "http://127.0.0.1:5232/x/",
        "http://[::1]:5232/x/",
    ],
)
def test_https_and_this_machine_are_addresses(url: str) -> None:
    check_address(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "linde",
        "ftp://calendar.example/",
        "http://calendar.example/",
        "http://10.0.0.1/",
        "http://127.0.0.1.example/",
        "https://user:word@calendar.example/",
        "https://calendar.example/?a=b",
        "https://calendar.example/#x",
        "https://calendar.example:99999/",
        "https://[::1/",
        "https://calendar.example/a b",
        "https://calendar.example/\r\nX: y",
    ],
)
def test_nothing_else_is_an_address(url: str) -> None:
    with pytest.raises(AddressRefused):
        check_address(url)


def test_the_password_is_not_shown() -> None:
    assert "secret" not in repr(CollectionAddress("https://x.example/", "u", "secret"))


def test_write_read_change_delete(collection: Collection, radicale: Radicale) -> None:
    with collection.connected():
        etag = collection.put("b-1.ics", TEXT, "")
        assert etag
        stored = collection.get("b-1.ics")
        assert stored is not None and stored.etag == etag and "Anna" in stored.text
        newer = collection.put("b-1.ics", CHANGED, etag)
        assert newer and newer != etag and "Berta" in radicale.text("b-1.ics")
        assert collection.delete("b-1.ics", newer)
        assert collection.get("b-1.ics") is None
        assert collection.delete("b-1.ics", newer)


def test_another_version_is_not_written_over(collection: Collection, radicale: Radicale) -> None:
    with collection.connected():
        etag = collection.put("b-1.ics", TEXT, "") or ""
        assert collection.put("b-1.ics", TEXT, "") is None
        radicale.write("b-1.ics", CHANGED)
        assert collection.put("b-1.ics", TEXT, etag) is None
        assert collection.delete("b-1.ics", etag) is False
    assert "Berta" in radicale.text("b-1.ics")


def test_changes_are_told_from_a_token_on(collection: Collection, radicale: Radicale) -> None:
    with collection.connected():
        collection.put("b-1.ics", TEXT, "")
        first = collection.changes("")
        assert first.is_whole and set(first.changed) == {"b-1.ics"}
        assert collection.changes(first.token).changed == {}
        radicale.write("x.ics", TEXT.replace(PLAIN.uid, "other"))
        radicale.delete("b-1.ics")
        second = collection.changes(first.token)
        assert set(second.changed) == {"x.ics"} and second.gone == {"b-1.ics"}
        assert not second.is_whole


def test_a_forgotten_token_brings_everything(collection: Collection) -> None:
    with collection.connected():
        collection.put("b-1.ics", TEXT, "")
        found = collection.changes("http://radicale.org/ns/sync/" + "0" * 64)
        assert found.is_whole and set(found.changed) == {"b-1.ics"}


def test_events_of_a_stretch_of_time(collection: Collection) -> None:
    with collection.connected():
        collection.put("b-1.ics", TEXT, "")
        assert len(collection.texts(PLAIN.starts_at_s, PLAIN.ends_at_s)) == 1
        assert collection.texts(PLAIN.ends_at_s + 60, PLAIN.ends_at_s + 120) == []


def test_a_wrong_password_is_a_sentence(address: CollectionAddress) -> None:
    wrong = Collection(CollectionAddress(address.url, USER, "falsch"))
    with wrong.connected(), pytest.raises(DavRefused, match="user or password") as caught:
        wrong.changes("")
    assert caught.value.status == 401


def test_a_calendar_that_is_not_there_is_a_sentence(address: CollectionAddress) -> None:
    missing = Collection(
        CollectionAddress(address.url.replace("bookings", "nothing"), USER, address.password)
    )
    with missing.connected(), pytest.raises(DavRefused, match="no calendar at the address"):
        missing.changes("")


def test_nobody_there_is_to_be_tried_again(address: CollectionAddress) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    away = Collection(CollectionAddress(f"http://127.0.0.1:{port}/"))
    with away.connected(), pytest.raises(DavUnreachable):
        away.changes("")


def test_busy_is_to_be_tried_again_when_the_server_says() -> None:
    with answering(said("503 Busy", b"", "Retry-After: 120")) as collection:
        with pytest.raises(DavUnreachable) as caught:
            collection.get("a")
        assert caught.value.after_s == 120


@pytest.mark.parametrize("after", ["-5", "soon", "9999999", "²"])
def test_a_strange_retry_after_is_none(after: str) -> None:
    answer = said("429 Slow", b"", f"Retry-After: {after}".encode().decode("latin-1"))
    with answering(answer) as collection, pytest.raises(DavUnreachable) as caught:
        collection.get("a")
    assert caught.value.after_s == 0


def test_a_redirection_is_not_followed() -> None:
    answer = said("302 Found", b"", "Location: http://evil.example/")
    with answering(answer) as collection, pytest.raises(DavRefused, match="it moved"):
        collection.get("a")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<a>",
        b'<!DOCTYPE a [<!ENTITY b "cccc">]><a>&b;</a>',
        b'<?xml version="1.0" encoding="klingon"?><a/>',
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_xml_is_refused(body: bytes) -> None:
    answer = said("207 Multi-Status", body)
    with answering(answer) as collection, pytest.raises(DavRefused, match="not XML"):
        collection.changes("")


def test_a_server_without_sync_collection_is_asked_for_the_list() -> None:
    one = (
        '<response><href>/x/b-1.ics</href><propstat><prop><getetag>"7"</getetag></prop>'
        "</propstat></response>"
    )
    with answering(said("501 Not Implemented"), multi(one)) as collection:
        found = collection.changes("old")
    assert found.changed == {"b-1.ics": '"7"'} and found.is_whole and found.token == ""


def test_names_of_other_places_are_not_ours() -> None:
    other = "".join(
        f"<response><href>{href}</href><propstat><prop><getetag>1</getetag></prop></propstat>"
        "</response>"
        for href in ("/x/", "/y/a.ics", "/x/../y/b.ics", "/x/sub/c.ics", "http://evil.example/d")
    )
    with answering(multi(other)) as collection:
        assert collection.changes("").changed == {}


def test_an_endless_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dav, "MAX_ANSWER_BYTES", 1000)
    answer = said("200 OK", b"x" * 5000)
    with answering(answer) as collection, pytest.raises(DavUnreachable):
        collection.get("a")


def test_a_slow_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dav, "MAX_SECONDS", -1.0)
    with answering(said("200 OK", b"x")) as collection, pytest.raises(DavUnreachable):
        collection.get("a")


def test_what_is_no_http_is_no_answer() -> None:
    with answering(b"SSH-2.0-OpenSSH\r\n") as collection, pytest.raises(DavUnreachable):
        collection.get("a")


def test_no_call_without_a_connection(address: CollectionAddress) -> None:
    with pytest.raises(AssertionError):
        Collection(address).get("a")
