"""What a reader has not taken does not count as read."""

import asyncio
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

import pytest

from plausch.cli.pipe import taken


class Pipe(NamedTuple):
    reader: int
    writer: TextIO


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        yield Pipe(reader, stream)


async def test_it_waits_for_the_reader(pipe: Pipe) -> None:
    pipe.writer.write("one\n")
    pipe.writer.flush()
    waiting = asyncio.create_task(taken(pipe.writer))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    assert os.read(pipe.reader, 2) == b"on"
    await asyncio.sleep(0.02)
    assert not waiting.done()
    assert os.read(pipe.reader, 100) == b"e\n"
    await waiting
    os.close(pipe.reader)


async def test_a_reader_that_goes_away_has_not_taken_it(pipe: Pipe) -> None:
    pipe.writer.write("one\n")
    pipe.writer.flush()
    waiting = asyncio.create_task(taken(pipe.writer))
    await asyncio.sleep(0.02)
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
