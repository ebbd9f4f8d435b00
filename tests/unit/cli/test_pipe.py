"""What a reader has not taken does not count as read."""

import asyncio
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

import pytest

from plausch.cli import pipe as module
from plausch.cli.pipe import taken


class Pipe(NamedTuple):
    reader: int
    writer: TextIO


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        yield Pipe(reader, stream)


class Looks:
    """How many bytes were in the pipe, each time that somebody looked."""

    def __init__(self) -> None:
        self._whole = module._untaken
        self._next: asyncio.Future[int] | None = None

    def look(self, descriptor: int) -> int:
        count = self._whole(descriptor)
        if self._next is not None and not self._next.done():
            self._next.set_result(count)
        return count

    async def next(self) -> int:
        self._next = asyncio.get_running_loop().create_future()
        return await self._next


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    made = Looks()
    monkeypatch.setattr(module, "_untaken", made.look)
    return made


async def test_it_waits_for_the_reader(pipe: Pipe, looks: Looks) -> None:
    pipe.writer.write("one\n")
    pipe.writer.flush()
    waiting = asyncio.create_task(taken(pipe.writer))
    assert await looks.next() == len("one\n")
    assert not waiting.done()
    assert os.read(pipe.reader, 2) == b"on"
    assert await looks.next() == len("e\n")
    assert not waiting.done()
    assert os.read(pipe.reader, 100) == b"e\n"
    await waiting
    os.close(pipe.reader)


async def test_a_reader_that_goes_away_has_not_taken_it(pipe: Pipe, looks: Looks) -> None:
    pipe.writer.write("one\n")
    pipe.writer.flush()
    waiting = asyncio.create_task(taken(pipe.writer))
    await looks.next()
    os.close(pipe.reader)
    with pytest.raises(BrokenPipeError):
        await waiting


async def test_a_reader_that_took_everything_may_go(pipe: Pipe) -> None:
    pipe.writer.write("one\n")
    pipe.writer.flush()
    os.read(pipe.reader, 100)
    os.close(pipe.reader)
    await taken(pipe.writer)


async def test_what_is_no_pipe_has_no_reader_to_wait_for(tmp_path: Path) -> None:
    await taken(io.StringIO("one\n"))
    with (tmp_path / "log").open("w") as stream:
        stream.write("one\n")
        await taken(stream)
    await taken(stream)
