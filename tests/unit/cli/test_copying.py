"""What backup, restore and moving up share."""

import io
import sys
from pathlib import Path

import pytest

from plausch.cli.console import Screen
from plausch.cli.copying import records_of, show_copies, store_config, watching
from plausch.server.config import ConfigRefused
from plausch.server.filling import TableCopy, silent

COPIES = [TableCopy("account", 3, "ab"), TableCopy("envelope", 0, "cd")]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with watching(Screen("en"), 10) as watched:
        watched.copied("account", 4)
        watched.copied("envelope", 6)
        watched.compared("account", 4)
    assert "comparing account" in terminal.getvalue()
    assert "10/10" in terminal.getvalue()
    assert "4/20" in terminal.getvalue()


@pytest.mark.parametrize(("json", "quiet"), [(True, False), (False, True)])
def test_scripts_and_cron_see_nothing(
    monkeypatch: pytest.MonkeyPatch, json: bool, quiet: bool
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with watching(Screen("en", json), 10, quiet=quiet) as watched:
        assert watched.copied is watched.compared is silent
        watched.copied("account", 4)
    assert terminal.getvalue() == ""


def test_a_pipe_sees_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with watching(Screen("en"), None) as watched:
        watched.copied("account", 4)
    assert capsys.readouterr().err == ""


def test_tables_for_people_and_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    show_copies(Screen("de"), COPIES)
    assert capsys.readouterr().out == "account\t3\tab\nenvelope\t0\tcd\n"
    assert records_of(COPIES) == {
        "account": {"rows": 3, "sha256": "ab"},
        "envelope": {"rows": 0, "sha256": "cd"},
    }


def test_the_servers_own_settings_say_where_things_are(tmp_path: Path) -> None:
    assert store_config(tmp_path, "", None, None).database == str(tmp_path / "plausch.db")
    settings = tmp_path / "server.toml"
    settings.write_text('database_url = "postgresql://x"\nblobs_dir = "/mnt/blobs"\n')
    config = store_config(tmp_path, "", None, settings)
    assert config.database == "postgresql://x"
    assert config.blobs == Path("/mnt/blobs")
    assert store_config(tmp_path, "postgresql://y", None, settings).database == "postgresql://y"
    settings.write_text("nonsense = 1\n")
    with pytest.raises(ConfigRefused):
        store_config(tmp_path, "", None, settings)
