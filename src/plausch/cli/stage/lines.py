"""Lines of a person's standard input without a thread, so that Ctrl-C and messages get through."""

import asyncio
import os

CHUNK_BYTES = 65_536


class Lines:
    """Reads lines from a file descriptor: a terminal, a pipe or a file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._kept = b""
        self._ended = False

    async def next(self) -> str | None:
        """The next line without its end; None when there will be no more.

        What is no UTF-8 is replaced by U+FFFD.
        """
        while b"\n" not in self._kept and not self._ended:
            await self._readable()
            chunk = os.read(self._descriptor, CHUNK_BYTES)
            self._kept += chunk
            self._ended = not chunk
        if not self._kept:
            return None
        line, _, self._kept = self._kept.partition(b"\n")
        return line.decode(errors="replace").rstrip("\r")

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        try:
            loop.add_reader(self._descriptor, ready.set)
        except PermissionError:
            return  # epoll refuses plain files; they are always readable
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._descriptor)
