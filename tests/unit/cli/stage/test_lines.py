"""Lines come whole, whatever the pieces in which they arrive."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from plausch.cli.stage.lines import Lines


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)


async def test_lines_come_one_by_one(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.write(writing, b"first\nsecond\r\n\nlast")
    os.close(writing)
    lines = Lines(reading)
    assert [await lines.next() for _ in range(5)] == ["first", "second", "", "last", None]
    assert await lines.next() is None


async def test_a_line_in_pieces_is_waited_for(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    lines = Lines(reading)
    waiting = asyncio.ensure_future(lines.next())
    os.write(writing, "Gr\u00fc".encode()[:3])
    await asyncio.sleep(0)
    assert not waiting.done()
    os.write(writing, "Gr\u00fc".encode()[3:] + "ße\n".encode())
    assert await waiting == "Grüße"
    os.close(writing)


async def test_waiting_can_be_given_up_and_taken_up_again(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    lines = Lines(reading)
    waiting = asyncio.ensure_future(lines.next())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    os.write(writing, b"still here\n")
    assert await lines.next() == "still here"
    os.close(writing)


async def test_a_plain_file_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "answers"
    file.write_text("1\n2\n")
    descriptor = os.open(file, os.O_RDONLY)
    lines = Lines(descriptor)
    assert [await lines.next() for _ in range(3)] == ["1", "2", None]
    os.close(descriptor)


async def test_bytes_that_are_no_text_are_replaced(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    os.write(writing, b"a\xffb\n")
    os.close(writing)
    assert await Lines(reading).next() == "a\ufffdb"
