"""What the command line writes: people's lines, scripts' JSON, and nothing that a peer smuggled in.

Standard output carries the answer, standard error what is said about the work. Colours and
progress appear only on a terminal.
"""

import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import click
import msgspec
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from plausch.cli.phrases import Language, language_of, phrase

# Bidirectional overrides and isolates: they can make a line read otherwise than it is.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def harmless(text: str) -> str:
    """Text from outside without what steers a terminal: control characters, bidi overrides.

    Line breaks and tabs stay; what is taken out is shown as U+FFFD.
    """
    return "".join(
        "\ufffd"
        if (unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t")
        or character in _TURNING
        else character
        for character in text
    )


def one_line(text: str) -> str:
    """Text from outside as one harmless line."""
    return " ".join(harmless(text).split())


@dataclass(frozen=True, slots=True)
class Screen:
    """Where a command writes, in one language."""

    language: Language
    json: bool = False

    def say(self, key: str, **values: object) -> None:
        """A phrase on standard error, for people; silent when a script reads."""
        if not self.json:
            self.note(phrase(key, self.language, **values))

    def answer(self, key: str, **values: object) -> None:
        """A phrase on standard output, where it is the answer; silent when a script reads."""
        if not self.json:
            self.line(phrase(key, self.language, **values), between_words=True)

    def phrase(self, key: str, **values: object) -> str:
        """A phrase in this screen's language."""
        return phrase(key, self.language, **values)

    def note(self, text: str) -> None:
        """One line on standard error."""
        click.echo(harmless(text), err=True)

    def server_says(self, sentence: str) -> None:
        """On standard error, for people: why the server takes nothing; nothing when it is ""."""
        if sentence:
            self.say("server_says", sentence=one_line(sentence))

    def stale(self, why: str) -> None:
        """On standard error: what is shown is what the device knew; `why`, if the server said."""
        self.note(self.phrase("not_let_in" if why else "offline"))
        if why:
            self.note(self.phrase("server_says", sentence=one_line(why)))

    def line(self, text: str, style: str = "", *, between_words: bool = False) -> None:
        """One line on standard output, in colour when that is a terminal.

        A terminal breaks it where it is full, so that it can be copied whole; or between words.
        """
        if sys.stdout.isatty():
            self._console().print(Text(harmless(text), style=style), soft_wrap=not between_words)
        else:
            click.echo(harmless(text))
        sys.stdout.flush()

    def prose(self, text: str) -> None:
        """Markdown on standard output: set in type on a terminal, as it is into a pipe."""
        if sys.stdout.isatty():
            self._console().print(Markdown(harmless(text), hyperlinks=False))
            sys.stdout.flush()
        else:
            self.line(text)

    def record(self, record: msgspec.Struct | Sequence[msgspec.Struct] | dict[str, object]) -> None:
        """One JSON value on one line of standard output, at once."""
        click.echo(msgspec.json.encode(record).decode())
        sys.stdout.flush()

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Rows for people: a table on a terminal, tab-separated lines into a pipe."""
        if not sys.stdout.isatty():
            for row in rows:
                click.echo("\t".join(harmless(cell).replace("\n", " ") for cell in row))
            return
        table = Table(*heads, box=None, header_style="bold", pad_edge=False)
        for row in rows:
            table.add_row(*(Text(harmless(cell)) for cell in row))
        self._console().print(table)

    @contextmanager
    def working(self, key: str, **values: object) -> Iterator[None]:
        """A turning sign on a terminal's standard error while something takes its time."""
        if self.json or not sys.stderr.isatty():
            yield
            return
        with Console(stderr=True).status(Text(phrase(key, self.language, **values))):
            yield

    def _console(self) -> Console:
        return Console(highlight=False, markup=False, emoji=False)


def screen_of(*, json: bool = False) -> Screen:
    """The screen of the running command: `--language`, else the environment's language."""
    context = click.get_current_context(silent=True)
    chosen = context.find_root().params.get("language") if context else None
    language: Language = "de" if chosen == "de" else "en" if chosen == "en" else language_of()
    return Screen(language, json)
