"""Anna reserves a table at Zur Linde: the demo with its real processes, attended and not."""

import json
import os
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from company import PLAUSCH, clean_environment, did, plausch
from plausch.cli.stage.evidence import search
from plausch.server.site import is_built


@pytest.mark.parametrize(
    ("language", "booked"), [("en", "Booked, and both ends agree"), ("de", "Gebucht, und beide")]
)
def test_the_script_books_a_table_in_both_languages(language: str, booked: str) -> None:
    ran = did("--language", language, "demo", "--script")
    assert booked in ran.out.splitlines()[-1]
    assert "Anna Berger" in ran.out.splitlines()[-1]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a demo leaves: the homes of guest and agent, the server's folder with its log."""
    folder = tmp_path_factory.mktemp("demo") / "kept"
    did("demo", "--script", "--keep", folder)
    return folder


def test_guest_and_restaurant_hold_the_same_booking(kept: Path) -> None:
    (booking,) = did("agent", "bookings", "--home", kept / "agent", "--json").json
    assert (booking["state"], booking["party"]) == ("confirmed", 2)
    assert booking["under_name"] == "Anna Berger"
    history = did("history", "zur-linde", "--home", kept / "guest", "--offline", "--json").json
    assert history[-1]["kind"] == "card"
    assert "Anna Berger" in history[-1]["text"]


def every_plaintext(kept: Path) -> list[str]:
    """All that only guest and restaurant may know: texts, their lines and words, names, times."""
    history = did("history", "zur-linde", "--home", kept / "guest", "--offline", "--json").json
    texts = [message["text"] for message in history]
    assert len(texts) >= 12
    lines = [line for text in texts for line in text.splitlines()]
    (booking,) = did("agent", "bookings", "--home", kept / "agent", "--json").json
    shown = did("agent", "bookings", "--home", kept / "agent").out.split("\t")
    others = ["Anna Berger", "Berger", "zur_linde", booking["uid"], shown[0]]
    times = [word for line in lines for word in line.split() if ":" in word]
    days = ["November", "December", "Tuesday", "Wednesday", "Saturday", "Sunday"]
    return [*texts, *lines, *others, *times, *days]


def test_the_server_has_no_plaintext_anywhere(kept: Path) -> None:
    texts = every_plaintext(kept)
    names = {path.name for path in (kept / "server").iterdir()}
    assert {"plausch.db", "server.log"} <= names
    result = search(kept / "server", texts)
    assert result.found == ()
    assert result.texts > 40
    assert result.size_bytes > 50_000


def test_the_guests_own_vault_is_sealed_too(kept: Path) -> None:
    assert search(kept / "guest", every_plaintext(kept)).found == ()


def test_the_search_would_have_found_it(kept: Path) -> None:
    """The same search finds the name where it belongs: in the restaurant's own book."""
    found = search(kept / "agent", ["Anna Berger"]).found
    assert {path.name for path, _ in found} & {"book.db", "book.db-wal"}
    known = search(kept / "server", ["mimi://localhost/d/anna", "zur-linde"])
    assert len(known.found) >= 2, "account names are what the server does know (spec/threats)"


def test_the_logs_have_no_names_and_no_addresses_of_people(kept: Path) -> None:
    for log in (kept / "server" / "server.log", kept / "agent.log"):
        text = log.read_text()
        assert "Traceback" not in text
        assert "Berger" not in text
        assert "127.0.0.1" not in text.replace("ready http://127.0.0.1", "")


def test_nothing_of_the_demo_stays(tmp_path: Path) -> None:
    environment = clean_environment(TMPDIR=str(tmp_path), HOME=str(tmp_path / "home"))
    assert plausch("demo", "--script", environment=environment).code == 0
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep me")
    ran = plausch("demo", "--script", "--keep", tmp_path)
    assert ran.code == 2
    assert "is not empty" in ran.sentence
    assert (tmp_path / "mine").read_text() == "keep me"


class Visitor:
    """A person at the demo: reads until the prompt, then types."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [*PLAUSCH, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=clean_environment(),
        )
        self.seen = ""
        self._read = 0

    def reads_until(self, text: str) -> str:
        """What was shown since the last time, up to and with `text`."""
        assert self._process.stdout is not None
        while (place := self.seen.find(text, self._read)) < 0:
            line = os.read(self._process.stdout.fileno(), 65_536)
            assert line, f"the demo ended before {text!r}: {self.seen}"
            self.seen += line.decode()
        begun, self._read = self._read, place + len(text)
        return self.seen[begun : self._read]

    def types(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def leaves(self) -> tuple[int, str]:
        """An empty line ends the visit: the exit code, and all that was shown."""
        out, _ = self._process.communicate(b"\n", timeout=60)
        self.seen += out.decode()
        return self._process.returncode, self.seen


@pytest.fixture
def visitor() -> Callable[..., Visitor]:
    return Visitor


def test_a_person_reserves_by_numbers(visitor: Callable[..., Visitor]) -> None:
    anna = visitor("--language", "de", "demo")
    anna.reads_until("1. Tisch reservieren")
    anna.reads_until("Sie> ")
    anna.types("1")
    anna.reads_until("wie viele Personen")
    anna.reads_until("Sie> ")
    anna.types("2")
    anna.reads_until("An welchem Tag")
    anna.reads_until("Sie> ")
    anna.types("3")
    anna.reads_until("diese Zeiten frei")
    anna.reads_until("Sie> ")
    anna.types("1")
    anna.reads_until("Auf welchen Namen")
    anna.reads_until("Sie> ")
    anna.types("Anna Berger")
    anna.reads_until("Bestätigt:")
    code, seen = anna.leaves()
    assert code == 0
    assert "Was der Server von diesem Gespräch sah" in seen
    assert "keiner gefunden" in seen
    assert "Gebucht, und beide Seiten sind sich einig" in seen


def test_a_person_reserves_in_free_words(visitor: Callable[..., Visitor]) -> None:
    anna = visitor("--language", "en", "demo")
    anna.reads_until("Reserve a table")
    anna.reads_until("you> ")
    anna.types("a table for four on Saturday evening please")
    offered = anna.reads_until("you> ")
    assert "4 people" in offered
    anna.types("1")
    anna.reads_until("Under which name")
    anna.reads_until("you> ")
    anna.types("my name is Anna Berger")
    anna.reads_until("Confirmed:")
    code, seen = anna.leaves()
    assert code == 0
    assert "for 4, under the name Anna Berger" in seen


def test_a_browser_finds_the_restaurant_while_the_demo_runs(
    visitor: Callable[..., Visitor],
) -> None:
    if not is_built():
        pytest.fail("the web app is not built; run: make web")
    anna = visitor("--language", "de", "demo")
    anna.reads_until("Im Browser")
    link = anna.reads_until("\n").rpartition(" ")[2].strip()
    assert link.endswith("/zur-linde")
    with urllib.request.urlopen(link, timeout=30) as answer:
        assert answer.status == 200
        assert b"<title>" in answer.read()
    anna.reads_until("Sie> ")
    anna.leaves()


def test_a_person_who_leaves_at_once_has_reserved_nothing(
    visitor: Callable[..., Visitor],
) -> None:
    anna = visitor("demo")
    anna.reads_until("Reserve a table")
    code, seen = anna.leaves()
    assert code == 0
    assert "Nothing was reserved." in seen


def test_json_of_the_guest_is_what_scripts_expect(kept: Path) -> None:
    listed = did("history", "--home", kept / "guest", "--offline", "--json").json
    assert [one["kind"] for one in listed] == ["direct"]
    assert json.dumps(listed)
