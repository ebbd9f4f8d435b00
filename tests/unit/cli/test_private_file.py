"""Files with names in them."""

import stat
from pathlib import Path

import pytest

from plausch.base.errors import OperatorError
from plausch.cli.private_file import read_bounded, write_private


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / "out.csv"
    file.write_bytes(b"old")
    file.chmod(0o644)
    write_private(file, b"new")
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_dash_is_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write_private(Path("-"), b"\xef\xbb\xbfx\r\n")
    assert capfdbinary.readouterr().out.endswith(b"\xef\xbb\xbfx\r\n")


@pytest.mark.parametrize("name", ["nowhere/out.csv", "."])
def test_where_nothing_can_be_written_is_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(OperatorError, match="give a file in a folder"):
        write_private(tmp_path / name, b"x")


def test_a_file_is_read_up_to_one_byte_more_than_allowed(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_bytes(b"12345")
    assert read_bounded(file, 10) == b"12345"
    assert read_bounded(file, 3) == b"1234"


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="readable file"):
        read_bounded(tmp_path / "nothing", 10)
