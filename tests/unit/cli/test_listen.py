"""Messages as they come: JSON lines, counts, and the end of the time."""

import json
from pathlib import Path

import pytest

from .conftest import Person, Plausch


def test_one_message_is_one_json_line(plausch: Plausch, anna: Person, cem: Person) -> None:
    sent = plausch("send", cem.address, "Grüße \U0001f35d\nzweite Zeile", "--home", anna.home)
    assert sent.code == 0
    ran = plausch("listen", "--home", cem.home, "--json", "--count", 1, "--timeout", 60)
    assert ran.code == 0
    assert ran.err == ""
    (line,) = ran.out.splitlines()
    record = json.loads(line)
    assert record["from"] == anna.address
    assert record["text"] == "Grüße \U0001f35d\nzweite Zeile"
    assert record["kind"] == "text"
    assert isinstance(record["seq"], int)
    assert len(bytes.fromhex(record["conversation"])) == 16


def test_each_message_is_shown_once(plausch: Plausch, anna: Person, cem: Person) -> None:
    for text in ("one", "two", "three"):
        assert plausch("send", cem.address, text, "--home", anna.home).code == 0
    first = plausch("listen", "--home", cem.home, "--json", "--count", 2, "--timeout", 60)
    assert [json.loads(line)["text"] for line in first.out.splitlines()] == ["one", "two"]
    rest = plausch("listen", "--home", cem.home, "--json", "--count", 1, "--timeout", 60)
    assert [json.loads(line)["text"] for line in rest.out.splitlines()] == ["three"]


def test_the_end_of_the_time_without_a_count_is_success(plausch: Plausch, anna: Person) -> None:
    ran = plausch("listen", "--home", anna.home, "--timeout", 0.5)
    assert ran.code == 0
    assert ran.sentence == f"Listening as {anna.address}; Ctrl-C ends it."


def test_too_few_messages_in_the_time_is_exit_code_three(plausch: Plausch, anna: Person) -> None:
    ran = plausch("listen", "--home", anna.home, "--json", "--count", 2, "--timeout", 0.5)
    assert ran.code == 3
    assert ran.out == ""
    assert ran.sentence == "0 of 2 messages had come when the 0.5 s were over."


def test_the_sentence_is_german_for_germans(plausch: Plausch, anna: Person) -> None:
    arguments = ("listen", "--home", anna.home, "--json", "--count", 1, "--timeout", 0.2)
    ran = plausch("--language", "de", *arguments)
    assert ran.sentence == "0 von 1 Nachrichten waren da, als die 0.2 s vorbei waren."


def test_a_person_is_shown_lines(plausch: Plausch, anna: Person, cem: Person) -> None:
    plausch("send", cem.address, "hello \x1b[2J there", "--home", anna.home)
    ran = plausch("listen", "--home", cem.home, "--count", 1, "--timeout", 60)
    assert ran.code == 0
    assert f"{anna.address}: hello \ufffd[2J there" in ran.out
    assert "\x1b" not in ran.out


def test_a_home_without_an_account_is_one_sentence(plausch: Plausch, anna: Person) -> None:
    ran = plausch("listen", "--home", anna.home / "elsewhere")
    assert ran.code == 1
    assert "elsewhere" in ran.sentence


@pytest.mark.parametrize("seconds", ["nan", "inf", "0", "-1", "soon"])
def test_what_is_no_time_to_wait_is_a_wrong_call(
    plausch: Plausch, tmp_path: Path, seconds: str
) -> None:
    ran = plausch("listen", "--timeout", seconds, "--home", tmp_path)
    assert ran.code == 2
    assert "--timeout" in ran.sentence
