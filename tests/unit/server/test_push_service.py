"""Calling a push service: exactly this request, to exactly this address, and its answer."""

import asyncio
import ssl
from collections.abc import AsyncIterator

import pytest

from plausch.base.clock import ManualClock
from plausch.server.endpoint import Endpoint, parse_endpoint
from plausch.server.push_service import (
    HEAD_BYTES,
    MOST_RETRY_AFTER_S,
    TTL_S,
    PushServices,
    Resolve,
    Sent,
    Verdict,
    addresses_of,
)
from plausch.server.vapid import Signer, new_private_key
from push_stub import PushStub, push_stub

PUBLIC = "93.184.215.14"


@pytest.fixture
async def stub() -> AsyncIterator[PushStub]:
    async with push_stub() as made:
        yield made


@pytest.fixture
def signer() -> Signer:
    return Signer(new_private_key(), ManualClock(), "https://example.org")


def at(stub: PushStub, path: str = "/p/1") -> Endpoint:
    return parse_endpoint(stub.url + path, private=True)


def resolving(*addresses: str) -> Resolve:
    async def resolve(host: str, port: int) -> list[str]:
        return list(addresses)

    return resolve


async def test_one_empty_request_that_says_who_asks(stub: PushStub, signer: Signer) -> None:
    sent = await PushServices(signer, private=True).wake(at(stub, "/p/1?x=y"))
    assert sent == Sent(Verdict.TAKEN, 201)
    [request] = stub.taken
    assert (request.method, request.target, request.body) == ("POST", "/p/1?x=y", b"")
    assert request.claims["aud"] == stub.url
    assert request.claims["sub"] == "https://example.org"
    assert request.key == signer.public
    request.headers.pop("authorization")
    assert request.headers == {
        "host": stub.url.removeprefix("http://"),
        "ttl": str(TTL_S),
        "urgency": "high",
        "topic": "plausch",
        "content-length": "0",
        "connection": "close",
    }


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.TAKEN),
        (202, Verdict.TAKEN),
        (301, Verdict.REFUSED),
        (307, Verdict.REFUSED),
        (400, Verdict.REFUSED),
        (401, Verdict.REFUSED),
        (403, Verdict.REFUSED),
        (404, Verdict.GONE),
        (408, Verdict.LATER),
        (410, Verdict.GONE),
        (413, Verdict.REFUSED),
        (429, Verdict.LATER),
        (500, Verdict.LATER),
        (503, Verdict.LATER),
    ],
)
async def test_what_an_answer_means(
    stub: PushStub, signer: Signer, status: int, verdict: Verdict
) -> None:
    stub.says(status, "Location: http://127.0.0.1/elsewhere")
    assert await PushServices(signer, private=True).wake(at(stub)) == Sent(verdict, status)
    assert len(stub.taken) == 1  # nobody is sent elsewhere


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("-5", 0),
        ("1e9", 0),
        ("99999999", MOST_RETRY_AFTER_S),
        ("9" * 5000, 0),
        ("٣", 0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 0),
    ],
)
async def test_how_long_a_push_service_wants_to_be_left_alone(
    stub: PushStub, signer: Signer, value: str, seconds: int
) -> None:
    stub.answer = f"HTTP/1.1 429 Slow\r\nrEtRy-AfTeR: {value}\r\n\r\n".encode()
    sent = await PushServices(signer, private=True).wake(at(stub))
    assert sent == Sent(Verdict.LATER, 429, seconds)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/2 201\r\n\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 201 Created\r\n",
        b"HTTP/1.1 201 Created\r\nX: " + b"x" * 2 * HEAD_BYTES + b"\r\n\r\n",
        b"\xff" * 100 + b"\r\n\r\n",
    ],
    ids=range(9),
)
async def test_junk_is_no_answer(stub: PushStub, signer: Signer, answer: bytes) -> None:
    stub.answer = answer
    services = PushServices(signer, private=True, timeout_s=0.3)
    assert await services.wake(at(stub)) == Sent(Verdict.LATER)


async def test_who_says_nothing_is_left_in_time(stub: PushStub, signer: Signer) -> None:
    stub.answer = None
    services = PushServices(signer, private=True, timeout_s=0.2)
    async with asyncio.timeout(5):
        assert await services.wake(at(stub)) == Sent(Verdict.LATER)


async def test_nobody_there(signer: Signer, stub: PushStub) -> None:
    endpoint = Endpoint(False, "127.0.0.1", 1, "/")
    assert await PushServices(signer, private=True).wake(endpoint) == Sent(Verdict.LATER)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fe80::1%eth0", "::ffff:127.0.0.1", "junk"],
)
async def test_a_name_that_leads_inside_is_not_followed(
    stub: PushStub, signer: Signer, address: str
) -> None:
    endpoint = Endpoint(False, "rebound.example", at(stub).port, "/")
    services = PushServices(signer, resolve=resolving(address))
    assert await services.wake(endpoint) == Sent(Verdict.GONE)
    assert stub.taken == []


async def test_what_was_judged_is_what_is_connected_to(
    stub: PushStub, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int, object]] = []

    async def connect(host: str, port: int, **given: object) -> None:
        asked.append((host, port, given["server_hostname"]))
        raise OSError("not in a test")

    monkeypatch.setattr(asyncio, "open_connection", connect)
    services = PushServices(signer, resolve=resolving("10.0.0.1", PUBLIC, "::1"))
    endpoint = parse_endpoint("https://push.example/a")
    assert await services.wake(endpoint) == Sent(Verdict.LATER)
    assert asked == [(PUBLIC, 443, "push.example")]


async def test_another_address_is_tried_when_the_first_does_not_answer(
    stub: PushStub, signer: Signer
) -> None:
    services = PushServices(signer, private=True, resolve=resolving("127.0.0.2", "127.0.0.1"))
    endpoint = Endpoint(False, "push.example", at(stub).port, "/")
    assert (await services.wake(endpoint)).verdict is Verdict.TAKEN


async def test_a_name_that_nobody_knows_may_be_known_later(signer: Signer) -> None:
    async def unknown(host: str, port: int) -> list[str]:
        raise OSError("unknown host")

    endpoint = parse_endpoint("https://push.example/a")
    assert await PushServices(signer, resolve=unknown).wake(endpoint) == Sent(Verdict.LATER)
    assert await PushServices(signer, resolve=resolving()).wake(endpoint) == Sent(Verdict.LATER)


async def test_the_systems_resolver(stub: PushStub) -> None:
    assert await addresses_of("127.0.0.1", 443) == ["127.0.0.1"]


async def test_a_false_certificate_is_not_believed(stub: PushStub, signer: Signer) -> None:
    endpoint = Endpoint(True, "push.example", at(stub).port, "/")  # it does not even speak TLS
    services = PushServices(signer, private=True, resolve=resolving("127.0.0.1"), timeout_s=0.5)
    assert await services.wake(endpoint) == Sent(Verdict.LATER)
    assert services._tls.verify_mode is ssl.CERT_REQUIRED
    assert services._tls.check_hostname
    assert stub.taken == []
