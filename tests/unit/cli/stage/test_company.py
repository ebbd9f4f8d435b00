"""Processes come up, say so, and are gone afterwards."""

import os
from pathlib import Path

import pytest

from plausch.cli.stage.company import StageError, command_line, done, last_words, running


async def test_a_command_is_run_to_its_end() -> None:
    assert (await done("version", ["--version"])).startswith("plausch, version")


async def test_a_command_that_fails_says_why() -> None:
    with pytest.raises(StageError, match="greeting failed: plausch: No such command 'greet'"):
        await done("greeting", ["greet"])


async def test_a_process_is_there_while_the_block_runs(tmp_path: Path) -> None:
    arguments = ["serve", "--data", str(tmp_path / "data"), "--port", "0"]
    async with running("server", arguments, "ready ", tmp_path / "log") as line:
        assert line.startswith("ready http://")
        assert await done("doctor", ["doctor", "--url", line.removeprefix("ready ")])
    with pytest.raises(StageError):
        await done("doctor", ["doctor", "--url", line.removeprefix("ready ")])


async def test_a_process_that_ends_at_once_is_said(tmp_path: Path) -> None:
    with pytest.raises(StageError, match=r"The server ended at once: plausch: .*--port"):
        async with running("server", ["serve", "--port", "x"], "ready", tmp_path / "log"):
            pytest.fail("it cannot be ready")


async def test_an_error_inside_the_block_ends_the_process_too(tmp_path: Path) -> None:
    arguments = ["serve", "--data", str(tmp_path / "data"), "--port", "0"]
    with pytest.raises(LookupError):
        async with running("server", arguments, "ready ", tmp_path / "log"):
            raise LookupError
    mine = f"--data\0{tmp_path / 'data'}".encode()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                assert mine not in (folder / "cmdline").read_bytes()
            except OSError:
                continue


def test_last_words_are_one_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"first\n\xfflast\n\n")
    assert last_words(log) == "\ufffdlast"
    log.write_bytes(b"")
    assert last_words(log) == "it said nothing"


def test_the_command_line_is_this_installation() -> None:
    assert command_line(["x"])[1:] == ["-m", "plausch.cli", "x"]
