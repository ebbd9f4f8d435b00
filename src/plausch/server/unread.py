"""What was written to slow readers and lies in this process's memory: bounded for all together.

Each connection may leave a few megabytes unread (limits.unread_bytes). Thousands of them that do
so at the same time would be more than the machine has, so that beyond a sum whoever has left the
most unread is cut off, until the rest fits: who takes much room goes before slow devices that take
little, whoever came first. A device loses nothing by it: it connects again and reads on in the log.
"""

from typing import Protocol


class SlowReader(Protocol):
    """A connection that has not read all (Connection)."""

    def cut(self) -> None:
        """End it now, and let go of what it has not read."""
        ...


class Unread:
    """Who lies behind by how many bytes, in the order in which they fell behind."""

    __slots__ = ("_behind", "_most_bytes", "cut", "total_bytes")

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._behind: dict[SlowReader, int] = {}
        self.total_bytes = self.cut = 0
        """Bytes now; connections that were cut since the start, for the operator's figures."""

    def note(self, reader: SlowReader, size_bytes: int) -> None:
        """So much of what was written to it lies here."""
        self.total_bytes += size_bytes - self._behind.get(reader, 0)
        self._behind[reader] = size_bytes
        while self.total_bytes > self._most_bytes:
            largest = max(self._behind, key=self._behind.__getitem__)
            self.forget(largest)
            self.cut += 1
            largest.cut()

    def forget(self, reader: SlowReader) -> None:
        """It has read all, or is gone."""
        self.total_bytes -= self._behind.pop(reader, 0)
