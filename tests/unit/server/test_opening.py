"""Before the login: bytes are counted, and everything else passes."""

import asyncio

from plausch.server.opening import Opening


class Parser(asyncio.BufferedProtocol):
    """What stands behind; it remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.room = bytearray(100)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self.room

    def buffer_updated(self, nbytes: int) -> None:
        self.told.append(nbytes)

    def eof_received(self) -> bool | None:
        self.told.append("eof")
        return False

    def pause_writing(self) -> None:
        self.told.append("pause")

    def resume_writing(self) -> None:
        self.told.append("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        self.told.append(exc)


class Stream(asyncio.Transport):
    """A transport that only knows its protocol."""

    def __init__(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol
        self.reading, self.closing = True, False

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def pause_reading(self) -> None:
        self.reading = False

    def is_closing(self) -> bool:
        return self.closing


class Connection:
    """Remembers why it was closed."""

    def __init__(self) -> None:
        self.closed: list[tuple[str, str]] = []

    def close(self, code: str, sentence: str, retry_after_ms: int = 0) -> None:
        self.closed.append((code, sentence))


def opened(most_bytes: int) -> tuple[Opening, Connection, Stream, Parser]:
    parser, connection = Parser(), Connection()
    stream = Stream(parser)
    return Opening(connection, stream, most_bytes), connection, stream, parser


def test_so_many_bytes_and_no_more() -> None:
    opening, connection, stream, parser = opened(4096)
    assert stream.protocol is opening
    assert opening.get_buffer(-1) is parser.room
    for count in (96, 4000):
        opening.buffer_updated(count)
    assert connection.closed == []
    opening.buffer_updated(1)
    assert parser.told == [96, 4000]
    ((code, sentence),) = connection.closed
    assert code == "too_large"
    assert "At most 4 KiB may be sent before the login" in sentence
    assert not stream.reading


def test_what_is_closing_already_is_left_alone() -> None:
    opening, _, stream, _ = opened(1)
    stream.closing = True
    opening.buffer_updated(2)
    assert stream.reading


def test_everything_else_passes() -> None:
    opening, _, _, parser = opened(1)
    opening.pause_writing()
    opening.resume_writing()
    assert opening.eof_received() is False
    gone = ConnectionResetError()
    opening.connection_lost(gone)
    assert parser.told == ["pause", "resume", "eof", gone]


def test_at_the_end_the_parser_is_alone_again() -> None:
    opening, _, stream, parser = opened(1)
    opening.end()
    assert stream.protocol is parser
