"""Looks for words that nobody has by chance: in files, in a database, in a process's memory."""

import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import asyncpg

from plausch.cli.stage.evidence import spellings

STEM_LETTERS = "bcdfghjkmnpqrstvwxz"
CHUNK_BYTES = 1 << 22


def new_stem() -> str:
    """The beginning of a run's canary words: a name could begin so, and none does."""
    return "Zq" + "".join(secrets.choice(STEM_LETTERS) for _ in range(12))


def every_spelling(text: str) -> list[bytes]:
    """A text as it might lie somewhere: also in CBOR and JSON, which write UTF-8 as it is."""
    raw = text.encode()
    others = [text.encode("utf-16-be"), raw.hex().upper().encode(), raw.lower(), raw.upper()]
    plain = [*spellings(text), *others]
    return list(
        dict.fromkeys([*plain, *(one.replace(b"+", b"-").replace(b"/", b"_") for one in plain)])
    )


class Watch:
    """Words that must not be there, each in every spelling."""

    def __init__(self, words: Iterable[str]) -> None:
        self._needles = [(word, one) for word in sorted(set(words)) for one in every_spelling(word)]
        self._longest = max(len(needle) for _, needle in self._needles)

    def found_in(self, pieces: Iterable[bytes]) -> set[str]:
        """Which of the words lie in bytes that come in pieces, also across their borders."""
        found: set[str] = set()
        rest = b""
        for piece in pieces:
            raw = rest + piece
            found |= {word for word, needle in self._needles if needle in raw}
            rest = raw[-self._longest :]
        return found

    def found_below(self, folder: Path) -> set[str]:
        """Which of them lie in a file's content, or in a file's name."""
        paths = sorted(folder.rglob("*"))
        found = self.found_in([str(path.relative_to(folder)).encode() + b"\n" for path in paths])
        for path in paths:
            if path.is_file():
                found |= self.found_in(_read(path))
        return found


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            yield piece


def memory_of(pid: int) -> Iterator[bytes]:
    """What a running process has in memory that it can write.

    Raises PermissionError where the kernel lets nobody look.
    """
    maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for first, end in re.findall(r"^([0-9a-f]+)-([0-9a-f]+) rw", maps, re.MULTILINE):
            place, stop = int(first, 16), int(end, 16)
            while place < stop:
                try:
                    memory.seek(place)
                    piece = memory.read(min(CHUNK_BYTES, stop - place))
                except (OSError, OverflowError):
                    break  # the kernel's own pages, or given back meanwhile
                if not piece:
                    break
                place += len(piece)
                yield piece
            yield b"\0" * 64


async def database_of(url: str) -> list[bytes]:
    """Every value of every row of a PostgreSQL database, as its bytes."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        )
        values: list[bytes] = []
        for (table,) in tables:
            rows: Sequence[asyncpg.Record] = await connection.fetch(f'SELECT * FROM "{table}"')
            for row in rows:
                values += [
                    value if isinstance(value, bytes) else str(value).encode() for value in row
                ]
        return values
    finally:
        await connection.close()
