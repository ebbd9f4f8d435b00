"""Where the vault is, and what a passphrase file may be."""

import io
import sys
from pathlib import Path

import click
import pytest

from plausch.cli.options import default_home, read_passphrase


def secret_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "passphrase"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


def test_no_file_is_no_passphrase() -> None:
    assert read_passphrase(None) is None


@pytest.mark.parametrize(
    ("text", "passphrase"),
    [
        ("correct horse\n", "correct horse"),
        ("correct horse", "correct horse"),
        ("correct horse\r\nsecond line\n", "correct horse"),
        (" spaces count \n", " spaces count "),
        ("Grüße\n", "Grüße"),
    ],
)
def test_the_first_line_is_the_passphrase(tmp_path: Path, text: str, passphrase: str) -> None:
    file = tmp_path / "passphrase"
    file.write_bytes(text.encode())
    file.chmod(0o600)
    assert read_passphrase(file) == passphrase


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("from a pipe\nmore"))
    assert read_passphrase(Path("-")) == "from a pipe"


def test_a_missing_file_is_said_by_name(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match=r"absent cannot be read \(No such file"):
        read_passphrase(tmp_path / "absent")


def test_a_folder_is_no_passphrase_file(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="cannot be read"):
        read_passphrase(tmp_path)


def test_an_empty_first_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="begins with an empty line"):
        read_passphrase(secret_file(tmp_path, "\nsecond\n"))


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_bytes(b"\xff\xfe\x00")
    file.chmod(0o600)
    with pytest.raises(click.UsageError, match="it is not UTF-8 text"):
        read_passphrase(file)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = secret_file(tmp_path, "secret\n", mode)
    with pytest.raises(click.UsageError, match="run: chmod 600"):
        read_passphrase(file)


def test_the_default_home_follows_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_home() == tmp_path / "plausch"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_home() == tmp_path / ".local" / "share" / "plausch"
