"""The file of a dump: everything a server keeps, as a plain tar archive that says what is in it.

    plausch-dump.json            the format, when, the steps of the schema
    tables/NAME/00000001         rows of a table in the order of its key: a MessagePack array
    ...                          each table after those that it refers to
    blobs/HEX                    the bytes of a blob, by the name in the table `blob`
    manifest.json                rows and SHA-256 of each table; blobs, and which had gone
    SHA256                       over every byte before

Nothing is unpacked by name: a reader goes through the members in this order and no other, with a
bound on each, and refuses the rest. A file without its last member is one that was cut off.
"""

import hashlib
import re
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from plausch.base.errors import LocalError
from plausch.db.interface import Row
from plausch.db.migrate import Step
from plausch.db.rows import Fingerprint, Key, key_of
from plausch.db.shape import Table
from plausch.server.store.schema import FILLING_STEP, STEPS, travelling

FORMAT = 1
BLOCK_BYTES = 512
CHUNK_BYTES = 1024 * 1024
MEMBER_BYTES = 64 * 1024 * 1024
"""The longest member but a blob: a batch of rows is far below, a manifest names what had gone."""

BEGINNING, MANIFEST, DIGEST = "plausch-dump.json", "manifest.json", "SHA256"
_BLOB = re.compile(r"blobs/([0-9a-f]{64})")
_END = bytes(2 * BLOCK_BYTES)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_TYPES = {"int": int, "text": str, "bytes": bytes}


class DumpRefused(LocalError):
    """The file is no dump, not of this program, or not whole."""

    code = "dump_refused"


class Beginning(msgspec.Struct, forbid_unknown_fields=True):
    """What a dump says of itself first. `steps` are (number, name, digest) of the schema."""

    format: int
    made_at_ms: int
    steps: list[tuple[int, str, str]]


class TableLine(msgspec.Struct, forbid_unknown_fields=True):
    """A table: how many rows, and the SHA-256 over them."""

    rows: int
    sha256: str


class Manifest(msgspec.Struct, forbid_unknown_fields=True):
    """What a dump holds. `left_out` are names of blobs whose bytes had gone meanwhile, or were not
    what their row says: their rows do not come back."""

    tables: dict[str, TableLine]
    blobs: int
    blob_bytes: int
    left_out: list[str]


class Member(NamedTuple):
    """A file in the archive; its bytes begin at `offset`."""

    name: str
    offset: int
    size: int

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.offset + -(-self.size // BLOCK_BYTES) * BLOCK_BYTES


class DumpWriter:
    """Writes members one after the other; all bytes go into the digest at the end."""

    def __init__(self, file: BinaryIO, made_at_ms: int) -> None:
        self._file, self._made_at_s = file, made_at_ms // 1000
        self._hash = hashlib.sha256()
        lines = [(step.number, step.name, step.digest) for step in STEPS]
        self.add(BEGINNING, msgspec.json.encode(Beginning(FORMAT, made_at_ms, lines)))

    def add(self, name: str, content: bytes) -> Member:
        """A whole member."""
        member = self.begin(name, len(content))
        self.write(content)
        self.end(member)
        return member

    def begin(self, name: str, size: int) -> Member:
        """A member of which `size` bytes follow by `write`, and then `end`."""
        line = tarfile.TarInfo(name)
        line.size, line.mtime, line.mode = size, self._made_at_s, 0o600
        self.write(line.tobuf(tarfile.USTAR_FORMAT))
        return Member(name, self._file.tell(), size)

    def write(self, chunk: bytes) -> None:
        """More bytes of the member."""
        self._file.write(chunk)
        self._hash.update(chunk)

    def end(self, member: Member) -> None:
        """All of the member is written."""
        self.write(bytes(member.end - member.offset - member.size))

    def mark(self) -> tuple[int, "hashlib._Hash"]:
        """A place to go back to."""
        return self._file.tell(), self._hash.copy()

    def back_to(self, mark: tuple[int, "hashlib._Hash"]) -> None:
        """As if nothing had been written since."""
        self._file.seek(mark[0])
        self._file.truncate()
        self._hash = mark[1]

    def finish(self, manifest: Manifest) -> None:
        """The end of the file."""
        self.add(MANIFEST, msgspec.json.encode(manifest))
        self.add(DIGEST, self._hash.hexdigest().encode())
        self.write(_END)


class _Reading:
    """The file from its beginning on, block for block, with the digest so far."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path = file, path
        self.hash = hashlib.sha256()

    def block(self) -> bytes:
        return self._exactly(BLOCK_BYTES)

    def _exactly(self, size: int) -> bytes:
        found = self._file.read(size)
        if len(found) != size:
            raise DumpRefused(f"{self._path} was cut off: take another backup.")
        self.hash.update(found)
        return found

    def next(self) -> Member:
        """The next member's head."""
        head = self.block()
        try:
            line = tarfile.TarInfo.frombuf(head, "ascii", "strict")
            # One way to write it: a bit that means nothing would be one that nobody misses.
            is_ours = line.tobuf(tarfile.USTAR_FORMAT) == head
        except (tarfile.HeaderError, UnicodeError, ValueError):
            raise self.damaged() from None
        if line.type != tarfile.REGTYPE or not is_ours:
            raise self.damaged()
        return Member(line.name, self._file.tell(), line.size)

    def content(self, member: Member) -> bytes:
        """All of a member that is no blob."""
        if member.size > MEMBER_BYTES:
            raise self.damaged()
        found = self._exactly(member.end - member.offset)
        if any(found[member.size :]):
            raise self.damaged()
        return found[: member.size]

    def skip(self, member: Member) -> None:
        """Go over a blob, which counts for the digest all the same."""
        left = member.end - member.offset
        while left:
            left -= len(self._exactly(min(left, CHUNK_BYTES)))

    def demand_end(self) -> None:
        """Two empty blocks and nothing more."""
        if self._exactly(len(_END)) != _END or self._file.read(1):
            raise self.damaged()

    def damaged(self) -> DumpRefused:
        return DumpRefused(f"{self._path} is damaged: take another backup.")


@dataclass(frozen=True, slots=True)
class Dump:
    """A dump that was read once from beginning to end and found whole."""

    file: BinaryIO
    path: Path
    made_at_ms: int
    steps: tuple[Step, ...]
    tables: tuple[Table, ...]
    parts: dict[str, list[Member]]
    blobs_at: int
    manifest: Manifest
    digest: str

    def rows(self, table: Table) -> Iterator[list[Row]]:
        """A table's rows, part for part; of blobs only those whose bytes are here."""
        decoder = decoder_of(table)
        left_out = {bytes.fromhex(name) for name in self.manifest.left_out}
        name_at = table.names.index("name") if table.name == "blob" else -1
        for part in self.parts[table.name]:
            self.file.seek(part.offset)
            rows = decoder.decode(self.file.read(part.size))
            if name_at >= 0 and left_out:
                rows = [row for row in rows if row[name_at] not in left_out]
            if rows:
                yield rows

    def blobs(self) -> Iterator[tuple[bytes, Iterator[bytes]]]:
        """(name, its bytes in chunks) of each blob."""
        at = self.blobs_at
        for _ in range(self.manifest.blobs):
            self.file.seek(at)
            member = _Reading(self.file, self.path).next()
            found = _BLOB.fullmatch(member.name)
            if found is None:
                raise DumpRefused(f"{self.path} has changed while it was read: begin again.")
            yield bytes.fromhex(found[1]), self._chunks(member)
            at = member.end

    def _chunks(self, member: Member) -> Iterator[bytes]:
        for offset in range(0, member.size, CHUNK_BYTES):
            self.file.seek(member.offset + offset)
            yield self.file.read(min(CHUNK_BYTES, member.size - offset))


async def read_dump(file: BinaryIO, path: Path) -> Dump:
    """Go through all of a dump. Raises DumpRefused unless every byte is what was written."""
    reading = _Reading(file, path)
    beginning = _beginning(reading, path)
    steps = _steps_of(beginning, path)
    tables = await travelling(steps)
    parts: dict[str, list[Member]] = {table.name: [] for table in tables}
    lines: dict[str, TableLine] = {}
    member = reading.next()
    for table in tables:
        lines[table.name], parts[table.name], member = _table(reading, table, member)
    blobs_at = member.offset - BLOCK_BYTES
    blobs = blob_bytes = 0
    while _BLOB.fullmatch(member.name):
        reading.skip(member)
        blobs, blob_bytes = blobs + 1, blob_bytes + member.size
        member = reading.next()
    manifest = _manifest(reading, member)
    if (manifest.tables, manifest.blobs, manifest.blob_bytes) != (lines, blobs, blob_bytes):
        raise reading.damaged()
    digest = reading.hash.hexdigest()
    member = reading.next()
    if member.name != DIGEST or reading.content(member) != digest.encode():
        raise reading.damaged()
    reading.demand_end()
    dump = Dump(file, path, beginning.made_at_ms, steps, tables, parts, blobs_at, manifest, digest)
    if _whole_blobs(dump) != blobs:
        raise reading.damaged()
    return dump


def _whole_blobs(dump: Dump) -> int:
    """How many blobs there must be: those that are whole and were not left out."""
    table = next(table for table in dump.tables if table.name == "blob")
    stored_at = table.names.index("stored_at_ms")
    return sum(row[stored_at] >= 0 for rows in dump.rows(table) for row in rows)


def _table(
    reading: _Reading, table: Table, member: Member
) -> tuple[TableLine, list[Member], Member]:
    """What a table's parts hold, where they are, and the first member that is none of them."""
    decoder, fingerprint = decoder_of(table), Fingerprint()
    parts: list[Member] = []
    last: Key | None = None
    while member.name == part_name(table, len(parts) + 1):
        rows = _rows(decoder, reading, member)
        fingerprint.add(rows)
        for row in rows:
            key = key_of(table, row)
            if last is not None and key <= last:
                raise reading.damaged()
            last = key
        parts.append(member)
        member = reading.next()
    return TableLine(fingerprint.rows, fingerprint.digest), parts, member


def part_name(table: Table, number: int) -> str:
    """The member that holds the table's rows from the number'th batch, counted from 1."""
    return f"tables/{table.name}/{number:08d}"


def decoder_of(table: Table) -> "msgspec.msgpack.Decoder[list[Row]]":
    """Reads a part of that table, and nothing else."""
    kinds = [
        _TYPES[column.kind] | None if column.nullable else _TYPES[column.kind]
        for column in table.columns
    ]
    return msgspec.msgpack.Decoder(list[tuple[*kinds]])  # type: ignore[valid-type]


def _rows(
    decoder: "msgspec.msgpack.Decoder[list[Row]]", reading: _Reading, member: Member
) -> Sequence[Row]:
    try:
        rows = decoder.decode(reading.content(member))
    except _UNREADABLE:
        raise reading.damaged() from None
    if any(isinstance(one, int) and one >= 2**63 for row in rows for one in row):
        raise reading.damaged()
    return rows


def _beginning(reading: _Reading, path: Path) -> Beginning:
    foreign = DumpRefused(f"{path} is no backup of a Plausch server ('plausch backup' makes one).")
    try:
        member = reading.next()
        if member.name != BEGINNING:
            raise foreign
        found = msgspec.json.decode(reading.content(member), type=dict)
    except (DumpRefused, *_UNREADABLE):
        raise foreign from None
    if found.get("format") != FORMAT:
        raise DumpRefused(
            f"{path} has the format {found.get('format')!r}, which this Plausch does not know: "
            "restore it with the version that made it."
        )
    try:
        return msgspec.convert(found, Beginning)
    except msgspec.ValidationError:
        raise reading.damaged() from None


def _steps_of(beginning: Beginning, path: Path) -> tuple[Step, ...]:
    known = [(step.number, step.name, step.digest) for step in STEPS]
    count = len(beginning.steps)
    if count > len(known):
        raise DumpRefused(
            f"{path} was made by a newer version of Plausch (step {count} of its tables): restore "
            "it with that one."
        )
    if beginning.steps != known[:count] or count < FILLING_STEP:
        raise DumpRefused(f"{path} was made by another build of Plausch: restore it with that one.")
    return STEPS[:count]


def _manifest(reading: _Reading, member: Member) -> Manifest:
    if member.name != MANIFEST:
        raise reading.damaged()
    try:
        found = msgspec.json.decode(reading.content(member), type=Manifest)
    except _UNREADABLE:
        raise reading.damaged() from None
    if not all(_BLOB.fullmatch("blobs/" + name) for name in found.left_out):
        raise reading.damaged()
    return found
