"""A pipe at standard output: what its reader has not taken is lost when the reader goes away."""

import asyncio
import fcntl
import os
import select
import stat
import struct
import sys
import termios
from typing import TextIO

_FIRST_PAUSE_S = 0.001
_LONGEST_PAUSE_S = 0.05


def _pipe_of(stream: TextIO) -> int | None:
    """The stream's file descriptor, when there is one and it is a pipe."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):  # a buffer, or closed
        return None
    return descriptor if stat.S_ISFIFO(os.fstat(descriptor).st_mode) else None


def _untaken(descriptor: int) -> int:
    """How many bytes lie in the pipe."""
    (count,) = struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)))
    return int(count)


async def taken(stream: TextIO | None = None) -> None:
    """Until the reader has taken all that was written (to standard output, by default).

    At once where the stream is no pipe. Raises BrokenPipeError when the reader has gone and has
    left something: `listen | head -n 1` must not count as read what `head` never saw.
    """
    descriptor = _pipe_of(stream or sys.stdout)
    if descriptor is None:
        return
    reader_gone = select.poll()
    reader_gone.register(descriptor, 0)
    pause_s = _FIRST_PAUSE_S
    while _untaken(descriptor):
        if reader_gone.poll(0):
            raise BrokenPipeError
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
