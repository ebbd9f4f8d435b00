"""The doctor as a command: what it looks at, its JSON, its exit code."""

import json
from pathlib import Path

import pytest

from .conftest import Plausch


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No device of the person who runs the tests is looked at."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))


def test_an_installation_in_order(plausch: Plausch) -> None:
    ran = plausch("doctor")
    assert ran.code == 0
    assert "Everything that was looked at is in order." in ran.out
    assert all(line.startswith("ok ") for line in ran.out.splitlines()[:-1])


def test_it_speaks_german_when_asked(plausch: Plausch) -> None:
    assert "Alles Geprüfte ist in Ordnung." in plausch("--language", "de", "doctor").out


def test_json_for_scripts(plausch: Plausch) -> None:
    ran = plausch("doctor", "--json")
    assert ran.err == ""
    findings = json.loads(ran.out)
    assert {one["verdict"] for one in findings} == {"fine"}
    assert all(set(one) == {"what", "verdict", "sentence"} for one in findings)


def test_something_wrong_is_exit_code_one(plausch: Plausch) -> None:
    ran = plausch("doctor", "--url", "nonsense")
    assert ran.code == 1
    assert "WRONG   server: 'nonsense' is no address" in ran.out
    assert "1 of 5 checks found something wrong." in ran.out


def test_json_has_the_exit_code_too(plausch: Plausch) -> None:
    ran = plausch("doctor", "--url", "nonsense", "--json")
    assert ran.code == 1
    assert json.loads(ran.out)[-1]["verdict"] == "wrong"


def test_an_empty_home_has_no_device(plausch: Plausch, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    ran = plausch("doctor", "--home", home)
    assert ran.code == 1
    assert "WRONG   device:" in ran.out
    assert "Traceback" not in ran.err


def test_a_servers_folder_is_looked_at(plausch: Plausch, tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir(mode=0o700)
    (folder / "plausch.db").write_bytes(b"torn" * 1000)
    ran = plausch("doctor", "--data", folder)
    assert ran.code == 1
    assert "plausch.db is damaged" in ran.out


def test_a_file_is_no_home(plausch: Plausch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = plausch("doctor", "--home", tmp_path / "file")
    assert ran.code == 2
    assert "is a file" in ran.sentence
