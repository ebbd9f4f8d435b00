"""`plausch agent discover` as an owner calls it, at a real Radicale."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from books import home_in
from plausch.agent.ical.discovery import FoundCalendar
from plausch.agent.ical.settings import load_settings
from plausch.cli.agent_discover import NotPicked, picked_of
from radicale_server import PASSWORD, USER, Radicale

from .conftest import Plausch


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    server = Radicale(tmp_path_factory.mktemp("radicale"))
    server.start()
    for name in ("bookings", "private"):
        server.make(name)
    yield server
    server.stop()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return home_in(tmp_path)


@pytest.fixture
def password(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    file.chmod(0o600)
    return file


def test_calendars_are_listed_and_one_is_picked_by_name(
    plausch: Plausch, home: Path, password: Path, radicale: Radicale
) -> None:
    server = f"http://127.0.0.1:{radicale.port}"
    asked = ("agent", "discover", server, "--home", home, "--user", USER)
    asked += ("--password-file", password)
    ran = plausch(*asked)
    assert ran.code == 0
    assert [line.rsplit(" ", 1)[1] for line in ran.out.splitlines()] == [
        radicale.url("bookings"),
        radicale.url("private"),
    ]
    names = [one["name"] for one in json.loads(plausch(*asked, "--json").out)["calendars"]]
    assert not (home / "calendar.toml").exists()
    assert (
        "There is no calendar 'Urlaub'; there are: " in plausch(*asked, "--pick", "Urlaub").sentence
    )
    ran = plausch(*asked, "--pick", names[0])
    assert ran.code == 0
    assert "from the agent's next start on" in ran.out
    settings = load_settings(home)
    assert settings.bookings is not None
    assert settings.bookings.url == radicale.url("bookings")
    assert (settings.bookings.user, settings.bookings.password) == (USER, PASSWORD)
    assert stat.S_IMODE((home / "calendar.toml").stat().st_mode) == 0o600
    before = (home / "calendar.toml").read_bytes()
    assert "is not written over" in plausch(*asked, "--pick", names[1]).sentence
    assert (home / "calendar.toml").read_bytes() == before


def test_without_a_terminal_the_password_comes_from_a_file(
    plausch: Plausch, home: Path, radicale: Radicale
) -> None:
    server = f"http://127.0.0.1:{radicale.port}"
    ran = plausch("agent", "discover", server, "--home", home, "--user", USER)
    assert ran.code == 2
    assert "--password-file" in ran.err


def test_what_is_picked_is_one_that_may_be_written() -> None:
    def found(name: str, url: str, may_write: bool = True) -> FoundCalendar:
        return FoundCalendar(name, url, may_write)

    first, second = found("Termine", "https://a/"), found("Termine", "https://b/")
    with pytest.raises(NotPicked, match="Several calendars are called 'Termine'"):
        picked_of([first, second], "Termine")
    assert picked_of([first, second], "https://b/") == second
    assert picked_of([first], "TERMINE") == first
    with pytest.raises(NotPicked, match="You may only read"):
        picked_of([found("Feiertage", "https://c/", False)], "Feiertage")
    with pytest.raises(NotPicked, match="there are: none"):
        picked_of([], "Termine")
