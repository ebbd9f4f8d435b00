"""Connecting: to nobody, to something else, to somebody without a certificate; and giving up."""

import asyncio
import contextlib
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from cast import PATIENCE_S
from plausch.sdk import connection as module
from plausch.sdk.connection import connect
from plausch.sdk.errors import Unreachable
from plausch.wire import frames as f
from unit.sdk.scripted import HELLO, scripted, tcp_server, upgraded


async def nowhere() -> str:
    """An address at which nobody listens any more."""
    async with tcp_server(lambda _, writer: writer.close()) as url:
        return f"ws{url}"


async def test_where_nobody_listens_is_unreachable() -> None:
    url = await nowhere()
    with pytest.raises(Unreachable, match="cannot be reached") as caught:
        await connect(url, print)
    assert url in str(caught.value)


@pytest.mark.parametrize("host", ["a..b", "x" * 64, f"{'x' * 64}.example"])
async def test_a_name_that_cannot_be_is_unreachable(host: str) -> None:
    """DNS has labels of 1 to 63 characters; Python says so with a UnicodeError."""
    with pytest.raises(Unreachable, match="check the address"):
        await connect(f"ws://{host}/v1/socket", print)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.invalid/\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: bm90IHdoYXQgaXQgaXM=\r\n\r\n",
        b"220 mail.example.org ESMTP\r\n\r\n",
        bytes(range(256)) + b"\r\n\r\n",
        b"",
    ],
)
async def test_something_else_than_our_server_is_unreachable(answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with tcp_server(serve) as url:
        with pytest.raises(Unreachable, match="cannot be reached"):
            await connect(f"ws{url}", print)


async def test_a_redirection_is_not_followed() -> None:
    """A server's address is what the account stands on; nobody may bend it on the way."""
    async with scripted() as other:

        async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(f"HTTP/1.1 307 T\r\nLocation: {other.url}\r\n\r\n".encode())
            writer.close()

        async with tcp_server(redirect) as url:
            with pytest.raises(Unreachable, match="307"):
                await connect(f"ws{url}", print)
        assert other.peers == []


async def test_a_server_that_closes_at_once_says_why() -> None:
    closing = f.Closing("closing", "We are full.", 1000)
    async with scripted(greeting=(closing,)) as script:
        with pytest.raises(Unreachable, match="We are full"):
            await connect(script.url, print)


async def test_another_version_of_the_protocol_is_named() -> None:
    newer = f.Hello(f.PROTOCOL_VERSION + 1, "localhost", b"n" * 32, "open")
    async with scripted(greeting=(newer,)) as script:
        with pytest.raises(Unreachable, match="update the older one"):
            await connect(script.url, print)


# --- giving up -------------------------------------------------------------------------------


async def test_a_server_without_a_hello_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECT_TIMEOUT_S", 0.2)
    async with scripted(greeting=()) as script:
        with pytest.raises(Unreachable, match="did not answer within"):
            await connect(script.url, print)
        await asyncio.wait_for(script.peers[0].gone.wait(), PATIENCE_S)


async def test_a_server_that_never_finishes_the_handshake_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the device hangs up
        gone.set()
        writer.close()

    monkeypatch.setattr(module, "CONNECT_TIMEOUT_S", 0.05)
    async with tcp_server(serve) as url:
        with pytest.raises(Unreachable, match="did not answer within"):
            await connect(f"ws{url}", print)
        await asyncio.wait_for(gone.wait(), PATIENCE_S)


async def test_who_is_cancelled_while_connecting_leaves_no_socket_behind() -> None:
    async with scripted(greeting=()) as script:
        connecting = asyncio.create_task(connect(script.url, print))
        await asyncio.wait_for(script.connected.wait(), PATIENCE_S)
        while script.peers[0].transport is None:
            await asyncio.sleep(0)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        await asyncio.wait_for(script.peers[0].gone.wait(), PATIENCE_S)


async def test_a_handshake_that_ends_too_late_leaves_no_socket_behind() -> None:
    asked, cancelled, gone = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await cancelled.wait()
        writer.write(upgraded(request))
        with contextlib.suppress(ConnectionError):
            await reader.read()  # until the device hangs up
        gone.set()
        writer.close()

    async with tcp_server(serve) as url:
        connecting = asyncio.create_task(connect(f"ws{url}", print))
        await asyncio.wait_for(asked.wait(), PATIENCE_S)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        cancelled.set()
        await asyncio.wait_for(gone.wait(), PATIENCE_S)


async def test_a_hello_for_somebody_who_has_left_is_passed_over() -> None:
    """It is on its way while the device gives up: nothing breaks over it."""
    broken: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: broken.append(about))
    async with scripted(greeting=()) as script:
        connecting = asyncio.create_task(connect(script.url, print))
        await asyncio.wait_for(script.connected.wait(), PATIENCE_S)
        while script.peers[0].transport is None:
            await asyncio.sleep(0)
        script.peers[0].say(HELLO)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        await asyncio.wait_for(script.peers[0].gone.wait(), PATIENCE_S)
    assert broken == []


# --- TLS -------------------------------------------------------------------------------------


def self_signed(folder: Path) -> ssl.SSLContext:
    """A certificate that no authority has seen, for the right address."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1))
        writer.close()

    async with tcp_server(serve, self_signed(tmp_path)) as url:
        with pytest.raises(Unreachable, match=r"certificate of wss://.* cannot be verified"):
            await connect(f"wss{url}", print)
    assert heard == [], "not a word was said to it"


async def test_a_server_without_tls_is_not_blamed_for_its_certificate() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(16)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with tcp_server(serve) as url:
        with pytest.raises(Unreachable, match="cannot be reached") as caught:
            await connect(f"wss{url}", print)
    assert "certificate" not in str(caught.value)
