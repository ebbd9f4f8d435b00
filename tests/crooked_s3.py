"""What says it is an S3 service and answers as it likes: bytes that a test gives it."""

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from plausch.server.s3_address import S3Address


def answer(status: str, body: bytes = b"", *headers: str, length: int = -1) -> bytes:
    """An HTTP answer that may promise another length than it has."""
    promised = len(body) if length < 0 else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {promised}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def refusal(status: str, code: str, message: str = "") -> bytes:
    """An S3 service's error."""
    text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return answer(status, text.encode(), "Content-Type: application/xml")


@asynccontextmanager
async def crooked_s3(
    answers: Sequence[bytes], tls: ssl.SSLContext | None = None
) -> AsyncIterator[S3Address]:
    """A bucket that gives these answers, one to each connection, the last one for ever; an empty
    one is none at all."""
    turns = [*answers]
    open_ones: set[asyncio.StreamWriter] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            said = turns.pop(0) if len(turns) > 1 else turns[0]
            if said:
                writer.write(said)
                await writer.drain()
                writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    try:
        endpoint = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        yield S3Address("crooked", "p/", endpoint, style="path")
    finally:
        server.close()
        for writer in open_ones:
            writer.close()


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """One of this machine's own, which nobody believes; how to serve under it, and its file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    day = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(day - datetime.timedelta(days=1))
        .not_valid_after(day + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=True,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path, secret = folder / "certificate.pem", folder / "key.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, secret)
    return context, path
