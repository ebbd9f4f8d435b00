"""A push service of the tests' own, on loopback: notes every request, answers as it is told."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature


@dataclass
class WakeUp:
    """One request: its target, its headers by lower-case name, its body."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def claims(self) -> dict[str, object]:
        """What the token says, after its signature was verified by the key beside it."""
        return verified(self.headers["authorization"])[0]

    @property
    def key(self) -> bytes:
        """The server's public key, as it was sent along."""
        return verified(self.headers["authorization"])[1]


def verified(authorization: str) -> tuple[dict[str, object], bytes]:
    """(claims, public key) of a VAPID header. Raises what is wrong with it."""
    scheme, _, rest = authorization.partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    head, claims, signature = parts["t"].split(".")
    assert scheme == "vapid"
    assert set(parts) == {"t", "k"}
    assert json.loads(unpadded(head)) == {"typ": "JWT", "alg": "ES256"}
    raw, point = unpadded(signature), unpadded(parts["k"])
    assert (len(raw), len(point), point[0]) == (64, 65, 4)
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    return json.loads(unpadded(claims)), point


def unpadded(text: str) -> bytes:
    assert "=" not in text
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class PushStub:
    """`answer`: the bytes of the next answers, None to say nothing at all."""

    url: str = ""
    taken: list[WakeUp] = field(default_factory=list)
    answer: bytes | None = b"HTTP/1.1 201 Created\r\n\r\n"
    most_at_once: int = 0
    _at_once: int = 0
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    def says(self, status: int, *headers: str) -> None:
        lines = [f"HTTP/1.1 {status} So", "Content-Length: 0", *headers]
        self.answer = ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def until(self, what: Callable[[], bool], within_s: float = 10.0) -> None:
        """Wait until something is true that a request makes true."""
        async with asyncio.timeout(within_s):
            while not what():
                self._came.clear()
                await self._came.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._at_once -= 1
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
        first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
        method, target, version = first.split(" ")
        assert version == "HTTP/1.1"
        pairs = [line.split(": ", 1) for line in lines]
        headers = {name.lower(): value for name, value in pairs}
        assert len(headers) == len(pairs)
        body = await reader.read(int(headers.get("content-length", "0")))
        self.taken.append(WakeUp(method, target, headers, body))
        self._came.set()
        if self.answer is not None:
            writer.write(self.answer)
        await reader.read()  # until the other side has gone


@asynccontextmanager
async def push_stub() -> AsyncIterator[PushStub]:
    stub = PushStub()
    server = await asyncio.start_server(stub.serve, "127.0.0.1", 0)
    stub.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield stub
    finally:
        server.close()
