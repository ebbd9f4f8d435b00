"""What a linking says on a terminal, and how it takes what is typed."""

import os
import sys

import pytest

from plausch.cli import linking
from plausch.cli.console import Screen
from plausch.cli.linking import Terminal, qr_code
from plausch.cli.phrases import Language

LINK = "https://example.org/#/link/AQEAAQIDBAUGBwgJCgsMDQ4P"


def typing(monkeypatch: pytest.MonkeyPatch, text: str, language: Language = "en") -> Terminal:
    """A person who has typed this already."""
    read, write = os.pipe()
    os.write(write, text.encode())
    os.close(write)
    monkeypatch.setattr(sys, "stdin", os.fdopen(read))
    return Terminal(Screen(language))


def test_a_code_is_square_and_stays_within_a_terminal() -> None:
    rows = qr_code(LINK).split("\n")
    assert len({len(row) for row in rows}) == 1
    assert len(rows) * 2 in (len(rows[0]), len(rows[0]) + 1)
    assert len(rows[0]) < 80
    assert set("".join(rows)) <= set("█▀▄ ")


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("y\n", True), (" JA \n", True), ("yes", True), ("n\n", False), ("\n", False), ("", False)],
)
async def test_a_yes_is_a_yes(monkeypatch: pytest.MonkeyPatch, typed: str, answer: bool) -> None:
    assert await typing(monkeypatch, typed).wants("anna@localhost") is answer


@pytest.mark.parametrize(
    ("typed", "digits"), [("123 456\n", "123 456"), ("\n", None), ("  \n", None), ("", None)]
)
async def test_nothing_typed_is_a_no(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: str,
    digits: str | None,
) -> None:
    assert await typing(monkeypatch, typed).agrees("Ta\x1bblet", 1) == digits
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("Ta\ufffdblet wants to become a device of this account")


async def test_the_second_time_says_what_was_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await typing(monkeypatch, "1\n", "de").agrees("Tablet", 2)
    assert capsys.readouterr().err.startswith("Das sind nicht die Ziffern von Tablet")


async def test_link_and_digits_go_to_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = typing(monkeypatch, "")
    await terminal.show(LINK)
    await terminal.compare("123456")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[-2:] == [LINK, "Type 123 456 on the other device."]
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    await terminal.show(LINK)
    assert qr_code(LINK) in capsys.readouterr().err
    assert linking.YES
