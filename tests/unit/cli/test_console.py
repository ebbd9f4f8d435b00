"""What is written: nothing that steers a terminal, JSON on lines, phrases on the right stream."""

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.cli.console import Screen, harmless, one_line, screen_of
from plausch.cli.phrases import phrase
from plausch.cli.records import DoneRecord


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Grüße 🍝", "Grüße 🍝"),
        ("\x1b[2Jgone", "\ufffd[2Jgone"),
        ("a\x07b", "a\ufffdb"),
        ("a\x9b31mb", "a\ufffd31mb"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("over\rwritten", "over\ufffdwritten"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("\u2066isolate\u2069", "\ufffdisolate\ufffd"),
        ("half \ud800 pair", "half \ufffd pair"),
        ("שלום", "שלום"),
        ("", ""),
    ],
)
def test_what_steers_a_terminal_is_taken_out(text: str, shown: str) -> None:
    assert harmless(text) == shown


@given(st.text())
def test_a_line_from_outside_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1


def test_what_a_server_says_does_not_steer_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Screen("en").server_says("Later.\x1b[2J\nplausch: all is well")
    Screen("en").server_says("")
    Screen("en", json=True).server_says("Later.")
    Screen("de").stale("Sus\npended.")
    streams = capsys.readouterr()
    assert streams.err.splitlines() == [
        "The server says: Later.\ufffd[2J plausch: all is well",
        "Der Server lässt dieses Gerät nicht fragen; dies ist sein Stand von vorher.",
        "Der Server sagt: Sus pended.",
    ]


@given(st.text())
def test_harmless_text_is_printable_and_stays_so(text: str) -> None:
    shown = harmless(text)
    assert "\x1b" not in shown
    assert "\x9b" not in shown
    assert len(shown) == len(text)
    assert harmless(shown) == shown
    shown.encode()


def test_phrases_for_people_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    Screen("en").say("nothing")
    Screen("de").say("nothing")
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err == "Nothing here yet.\nNoch nichts da.\n"


def test_answers_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    Screen("en").answer("sent", title="anna", seq=1)
    streams = capsys.readouterr()
    assert streams.out == "Sent to anna (no. 1).\n"
    assert streams.err == ""


def test_a_script_gets_json_alone(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen("en", json=True)
    screen.say("nothing")
    screen.answer("sent", title="anna", seq=1)
    screen.record(DoneRecord())
    screen.record([DoneRecord(), DoneRecord(done=False)])
    screen.record({"ü": "\x1b\n"})
    streams = capsys.readouterr()
    assert streams.err == ""
    lines = streams.out.splitlines()
    assert [json.loads(line) for line in lines] == [
        {"done": True},
        [{"done": True}, {"done": False}],
        {"ü": "\x1b\n"},
    ]
    assert "\x1b" not in streams.out


def test_a_table_in_a_pipe_is_lines_with_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    Screen("en").table(["Name", "State"], [["anna", "open"], ["two\nlines", "\x1b[31m"]])
    assert capsys.readouterr().out == "anna\topen\ntwo lines\t\ufffd[31m\n"


def test_a_line_in_a_pipe_has_no_colour(capsys: pytest.CaptureFixture[str]) -> None:
    Screen("en").line("done", style="bold green")
    assert capsys.readouterr().out == "done\n"


def test_progress_is_silent_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    with Screen("en").working("sending"):
        pass
    streams = capsys.readouterr()
    assert (streams.out, streams.err) == ("", "")


@pytest.mark.parametrize(("lang", "language"), [("de_DE.UTF-8", "de"), ("en_US.UTF-8", "en")])
def test_without_a_command_the_environment_decides(
    monkeypatch: pytest.MonkeyPatch, lang: str, language: str
) -> None:
    for name in ("PLAUSCH_LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", lang)
    assert screen_of() == Screen(language, False)  # type: ignore[arg-type]
    assert screen_of(json=True).json


def test_a_sentence_is_broken_between_words_and_a_line_where_it_is_full(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "30")
    Screen("en").answer("demo_begin", guest="anna@localhost", business="Zur Linde")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 3
    assert all(len(line) <= 30 for line in lines)
    assert " ".join(line.strip() for line in lines) == phrase(
        "demo_begin", "en", guest="anna@localhost", business="Zur Linde"
    )
    Screen("en").line("x" * 20 + " " + "y" * 20)
    assert len(capsys.readouterr().out.splitlines()) == 1
