"""Files of backups: whole or not there, for their owner, no more of them than wanted."""

import fcntl
import stat
from pathlib import Path

import pytest

from plausch.base.errors import OperatorError
from plausch.cli.dump_folder import appearing, forget_old, forget_partials, place_for

AT_MS = 1_800_000_000_123


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_gets_a_file_of_the_moment_a_file_is_itself(tmp_path: Path) -> None:
    assert place_for(tmp_path, AT_MS) == tmp_path / "plausch-20270115T080000Z.tar"
    assert place_for(tmp_path / "town.tar", AT_MS) == tmp_path / "town.tar"


def test_it_appears_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / "town.tar"
    with appearing(path) as file:
        file.write(b"content")
        assert not path.exists()
    assert path.read_bytes() == b"content"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(tmp_path) == ["town.tar"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_after_an_error_there_is_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), appearing(tmp_path / "town.tar") as file:
        file.write(b"half")
        raise error
    assert names(tmp_path) == []


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "town.tar").write_bytes(b"precious")
    with pytest.raises(OperatorError, match="is there already"), appearing(tmp_path / "town.tar"):
        raise AssertionError("there is one")
    assert (tmp_path / "town.tar").read_bytes() == b"precious"


def test_two_do_not_write_the_same(tmp_path: Path) -> None:
    with appearing(tmp_path / "town.tar") as file:
        file.write(b"one")
        with (
            pytest.raises(OperatorError, match="by another process"),
            appearing(tmp_path / "town.tar"),
        ):
            raise AssertionError("another one writes it")
    assert (tmp_path / "town.tar").read_bytes() == b"one"


def test_what_a_killed_one_left_is_begun_anew_or_removed(tmp_path: Path) -> None:
    path = tmp_path / "plausch-20270115T080000Z.tar"
    left = tmp_path / f".{path.name}.partial"
    left.write_bytes(b"x" * 100)
    left.chmod(0o644)
    with appearing(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    left.write_bytes(b"x")
    other = tmp_path / ".plausch-20270115T080001Z.tar.partial"
    kept = [".somebody.partial", path.name, other.name]
    (tmp_path / ".somebody.partial").write_bytes(b"")
    with other.open("wb") as writing:
        fcntl.flock(writing, fcntl.LOCK_EX)
        forget_partials(tmp_path)
        assert names(tmp_path) == sorted(kept)


@pytest.mark.parametrize(("keep", "left"), [(1, 0), (2, 1), (4, 3), (9, 5)])
def test_the_oldest_go_and_the_one_just_made_stays(tmp_path: Path, keep: int, left: int) -> None:
    old = [tmp_path / f"plausch-2026010{day}T000000Z.tar" for day in range(1, 6)]
    made = tmp_path / "plausch-20250101T000000Z.tar"  # the clock was set back
    others = [
        tmp_path / name for name in ("plausch-20200101T000000Z.tar.gz", "mine.tar", "plausch")
    ]
    for path in (*old, made, *others):
        path.write_bytes(b"")
    gone = forget_old(made, keep)
    assert gone == old[: 5 - left]
    assert names(tmp_path) == sorted(path.name for path in (*old[5 - left :], made, *others))
