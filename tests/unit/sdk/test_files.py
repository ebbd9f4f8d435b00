"""Files of the machine: sealed once, received whole or gone on with, never mixed up."""

import asyncio
import hashlib
import os
import secrets
import stat
import threading
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plausch.content.errors import ContentError
from plausch.content.stream import Layout, StreamKey, open_chunk, seal_chunk
from plausch.sdk.errors import FileRefused, SdkError
from plausch.sdk.files import (
    Part,
    file_errors,
    free_name,
    in_thread,
    read_at,
    seal_file,
    size_of,
)

SECRET = StreamKey.new()
CHUNK = 1024
LENGTHS = [0, 1, 1023, 1024, 1025, 2048, 2500, 5000]


def layout_of(content: bytes) -> Layout:
    return Layout(len(content), CHUNK)


def sealed(content: bytes) -> list[bytes]:
    layout = layout_of(content)
    return [
        seal_chunk(SECRET, layout, number, content[number * CHUNK :][: layout.content_in(number)])
        for number in range(layout.chunks)
    ]


def digest_of(chunks: list[bytes]) -> bytes:
    return hashlib.sha256(b"".join(chunks)).digest()


# --- sealing -------------------------------------------------------------------------------


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("from_disk", [True, False])
def test_a_file_is_sealed_chunk_by_chunk(tmp_path: Path, length: int, from_disk: bool) -> None:
    content = secrets.token_bytes(length)
    source = tmp_path / "source"
    source.write_bytes(content)
    target = tmp_path / "uploads" / "target"
    digest = seal_file(source if from_disk else content, SECRET, layout_of(content), target)
    raw = target.read_bytes()
    assert digest == hashlib.sha256(raw).digest()
    assert raw == b"".join(sealed(content))
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert stat.S_IMODE(target.parent.stat().st_mode) == 0o700


def test_a_sealed_file_is_never_sealed_over(tmp_path: Path) -> None:
    """The same key over other content would give both away."""
    seal_file(b"one", SECRET, Layout(3), tmp_path / "target")
    with pytest.raises(FileExistsError):
        seal_file(b"two", SECRET, Layout(3), tmp_path / "target")


@pytest.mark.parametrize("length", [1, 1024, 1025, 2048, 4000])
@pytest.mark.parametrize("change", [-1, 1])
def test_a_file_that_grows_or_shrinks_meanwhile_is_refused(
    tmp_path: Path, length: int, change: int
) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(length + change))
    with pytest.raises(ContentError, match="changed while it was read"):
        seal_file(source, SECRET, Layout(length, CHUNK), tmp_path / "target")


def test_sealing_holds_a_few_chunks_in_memory(tmp_path: Path) -> None:
    source = tmp_path / "source"
    with source.open("wb") as file:
        file.truncate(40 * 1024 * 1024)
    tracemalloc.start()
    seal_file(source, SECRET, Layout(40 * 1024 * 1024), tmp_path / "target")
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 6 * 1024 * 1024


def test_a_stretch_of_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    assert read_at(path, 3, 4) == b"3456"
    assert read_at(path, 8, 4) == b"89"
    assert read_at(path, 10, 4) == b""


# --- sentences -----------------------------------------------------------------------------


def test_the_size_of_a_source(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert size_of(tmp_path / "file") == size_of(b"12345") == 5
    with pytest.raises(FileRefused, match="is no file"):
        size_of(tmp_path)
    with pytest.raises(FileRefused, match="is no file"):
        size_of(tmp_path / "absent")


def test_what_the_machine_says_names_the_file_that_it_is_about() -> None:
    with (
        pytest.raises(FileRefused, match="The file /a/b cannot be used: No such"),
        file_errors("x"),
    ):
        raise FileNotFoundError(2, "No such file", "/a/b")
    with pytest.raises(FileRefused, match="The file x cannot be used: full"), file_errors("x"):
        raise OSError("full")


async def test_work_in_a_thread_leaves_the_loop_free(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    began, ended = asyncio.Event(), threading.Event()

    def work() -> str:
        loop.call_soon_threadsafe(began.set)
        assert ended.wait(20)
        return "done"

    working = asyncio.ensure_future(in_thread(tmp_path, work))
    await began.wait()
    ended.set()
    assert await working == "done"
    with pytest.raises(FileRefused):
        await in_thread(tmp_path, (tmp_path / "absent").read_bytes)


# --- receiving -----------------------------------------------------------------------------


def part_in(folder: Path, content: bytes) -> Part:
    return Part(folder / ".x.part", SECRET, layout_of(content))


@pytest.mark.parametrize("length", LENGTHS)
def test_a_part_becomes_the_file(tmp_path: Path, length: int) -> None:
    content = secrets.token_bytes(length)
    chunks = sealed(content)
    part = part_in(tmp_path, content)
    for chunk in chunks:
        assert not part.is_the_one(digest_of(chunks))
        part.add(chunk)
    assert part.is_the_one(digest_of(chunks))
    assert not part.is_the_one(bytes(32))
    assert part.move_to(tmp_path / "file") == tmp_path / "file"
    part.close()
    assert (tmp_path / "file").read_bytes() == content
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.integers(0, 6000), st.integers(0, 6), st.integers(0, 1500))
def test_a_part_that_was_left_is_gone_on_with(
    tmp_path: Path, length: int, received: int, torn: int
) -> None:
    """Whatever of a chunk the crash left behind."""
    content = secrets.token_bytes(length)
    chunks = sealed(content)
    part = part_in(tmp_path, content)
    for chunk in chunks[:received]:
        part.add(chunk)
    part.close()
    there = (tmp_path / ".x.part").read_bytes()
    (tmp_path / ".x.part").write_bytes(there + bytes(torn) if torn % 2 else there[: -torn or None])
    again = part_in(tmp_path, content)
    assert again.chunks <= len(chunks)
    for chunk in chunks[again.chunks :]:
        again.add(chunk)
    clean = torn == 0 or not torn % 2 or torn < CHUNK
    if clean:
        assert again.is_the_one(digest_of(chunks))
        again.move_to(tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == content
    again.discard()
    again.close()


def test_a_part_that_somebody_changed_is_noticed_at_the_end(tmp_path: Path) -> None:
    content = secrets.token_bytes(4000)
    chunks = sealed(content)
    part = part_in(tmp_path, content)
    for chunk in chunks[:2]:
        part.add(chunk)
    part.close()
    with (tmp_path / ".x.part").open("r+b") as file:
        file.seek(100)
        file.write(b"forged")
    again = part_in(tmp_path, content)
    assert again.chunks == 2
    for chunk in chunks[2:]:
        again.add(chunk)
    assert not again.is_the_one(digest_of(chunks))
    again.discard()
    again.close()
    assert list(tmp_path.iterdir()) == []


def test_a_chunk_out_of_its_place_is_refused_and_the_part_stays(tmp_path: Path) -> None:
    content = secrets.token_bytes(3000)
    chunks = sealed(content)
    part = part_in(tmp_path, content)
    part.add(chunks[0])
    for wrong in (chunks[0], chunks[2], chunks[1][:-1], b""):
        with pytest.raises(ContentError):
            part.add(wrong)
    assert part.chunks == 1
    for chunk in chunks[1:]:
        part.add(chunk)
    assert part.is_the_one(digest_of(chunks))
    part.close()


def test_a_part_belongs_to_one_at_a_time(tmp_path: Path) -> None:
    first = part_in(tmp_path, b"x")
    with pytest.raises(SdkError, match="being fetched already"):
        part_in(tmp_path, b"x")
    first.close()
    part_in(tmp_path, b"x").close()


def test_a_link_in_place_of_a_part_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"kept")
    (tmp_path / ".x.part").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError):
        part_in(tmp_path, b"x")
    assert (tmp_path / "victim").read_bytes() == b"kept"


def test_a_short_write_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, rest, at: real(file, rest[:100], at))
    content = secrets.token_bytes(3000)
    part = part_in(tmp_path, content)
    for chunk in sealed(content):
        part.add(chunk)
    part.move_to(tmp_path / "file")
    part.close()
    assert (tmp_path / "file").read_bytes() == content


def test_what_was_sealed_is_what_a_part_takes(tmp_path: Path) -> None:
    content = secrets.token_bytes(2**21 + 5)
    layout = Layout(len(content))
    seal_file(content, SECRET, layout, tmp_path / "sealed")
    raw = (tmp_path / "sealed").read_bytes()
    found = b""
    for number in range(layout.chunks):
        begin = layout.sealed_before(number)
        found += open_chunk(SECRET, layout, number, raw[begin : begin + layout.sealed_in(number)])
    assert found == content


# --- names ---------------------------------------------------------------------------------


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    names = [free_name(tmp_path, "menu.pdf").name for _ in range(3)]
    assert names == ["menu.pdf", "menu (2).pdf", "menu (3).pdf"]
    assert free_name(tmp_path, "file").name == "file"
    assert free_name(tmp_path, "file").name == "file (2)"
    assert free_name(tmp_path, "a.tar.gz").name == "a.tar.gz"
    assert free_name(tmp_path, "a.tar.gz").name == "a.tar (2).gz"


def test_a_link_is_a_name_that_is_taken(tmp_path: Path) -> None:
    (tmp_path / "x").symlink_to(tmp_path / "absent")
    assert free_name(tmp_path, "x").name == "x (2)"
    assert not (tmp_path / "absent").exists()


def test_names_come_to_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plausch.sdk.files.PARTS", 3)
    for _ in range(2):
        free_name(tmp_path, "x")
    with pytest.raises(FileExistsError):
        free_name(tmp_path, "x")
