"""Reading a TOML file into types, with one clear sentence for every mistake.

A `Section` is a table of which every key is asked for once; what is left at the end is a mistake
of its own, because a misspelt key must not be silently ignored.
"""

import difflib
import re
import tomllib
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

from plausch.base.errors import LocalError

MAX_FILE_BYTES = 256 * 1024
_T = TypeVar("_T")
_LINE_END = re.compile(r"(?<!\n)[ \t]*\r?\n(?!\r?\n)")
_SPAN = re.compile(r"([0-9]{1,2}):([0-9]{2}) ?[-–] ?([0-9]{1,2}):([0-9]{2})")


class ConfigurationRefused(LocalError):
    """The file is not a business: the sentence says what, where (key path), what to do."""

    code = "configuration"


def read_toml(path: Path) -> "Section":
    """The file as its outermost section. Raises ConfigurationRefused."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigurationRefused(
                f"{path} is larger than {MAX_FILE_BYTES} bytes: this cannot be a business's file."
            )
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise ConfigurationRefused(
            f"{path}: {reason}; give the path of a readable TOML file."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationRefused(f"{path} is not UTF-8 text: save it as UTF-8.") from error
    try:
        return Section(path.name, "", tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise ConfigurationRefused(f"{path} is not TOML: {error}; correct that place.") from error


class Section:
    """A TOML table: keys are taken one by one, `finish` refuses those that nobody knows."""

    def __init__(self, file: str, path: str, table: dict[str, object]) -> None:
        self._file, self._path, self._left = file, path, dict(table)
        self._known: list[str] = []

    def refuse(self, key: str, sentence: str) -> ConfigurationRefused:
        """The error for a key of this section: `zur_linde.toml: hours.monday ...`."""
        where = ".".join(part for part in (self._path, key) if part)
        return ConfigurationRefused(f"{self._file}: {where} {sentence}", code="configuration")

    def has(self, key: str) -> bool:
        """Whether the key is there and was not taken yet."""
        self._known.append(key)
        return key in self._left

    def finish(self) -> None:
        """Refuse the keys that were not taken."""
        for key in self._left:
            near = difflib.get_close_matches(key, self._known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "remove it."
            raise self.refuse(key[:64], f"is not a known setting: {hint}")

    def _take(self, key: str, expected: str) -> object:
        self._known.append(key)
        if key not in self._left:
            raise self.refuse(key, f"is missing: add {expected}.")
        return self._left.pop(key)

    def text(self, key: str, characters: int, default: str | None = None) -> str:
        """A text on one line, not empty unless there is a default."""
        if default is not None and not self.has(key):
            return default
        value = self._take(key, "a text in quotes")
        if not isinstance(value, str) or (not value.strip() and default is None):
            raise self.refuse(key, "must be a text in quotes that is not empty.")
        if len(value) > characters or not value.isprintable():
            raise self.refuse(key, f"must be one line of at most {characters} characters.")
        return value.strip()

    def paragraphs(self, key: str, default: str = "") -> str:
        """A text of paragraphs, with an empty line between them; other line ends are spaces."""
        if not self.has(key):
            return default
        value = self._take(key, "a text in quotes")
        if not isinstance(value, str):
            raise self.refuse(key, "must be a text in quotes, of several lines in triple quotes.")
        return _LINE_END.sub(" ", value.strip())

    def choice(self, key: str, words: Sequence[str], default: str | None = None) -> str:
        """One of some words."""
        if default is not None and not self.has(key):
            return default
        value = self._take(key, f"one of: {', '.join(words)}")
        if not isinstance(value, str) or value not in words:
            raise self.refuse(key, f"must be one of: {', '.join(words)}; not {_shown(value)}.")
        return value

    def number(self, key: str, least: int, most: int, default: int | None = None) -> int:
        """An integer within bounds."""
        if default is not None and not self.has(key):
            return default
        value = self._take(key, f"a whole number from {least} to {most}")
        if type(value) is not int or not least <= value <= most:
            raise self.refuse(
                key, f"must be a whole number from {least} to {most}, not {_shown(value)}."
            )
        return value

    def flag(self, key: str, default: bool) -> bool:
        """true or false."""
        if not self.has(key):
            return default
        value = self._take(key, "true or false")
        if not isinstance(value, bool):
            raise self.refuse(key, f"must be true or false (without quotes), not {_shown(value)}.")
        return value

    def day(self, key: str) -> date:
        """A date without quotes."""
        value = self._take(key, "a date such as 2026-12-24, without quotes")
        if not isinstance(value, date) or isinstance(value, datetime):
            raise self.refuse(
                key, f"must be a date such as 2026-12-24, without quotes, not {_shown(value)}."
            )
        return value

    def range(self, key: str, most: int) -> tuple[int, int]:
        """Two integers [least, most], ascending, at least 1."""
        value = self._take(key, "two numbers such as [2, 4]")
        if (
            not isinstance(value, list)
            or len(value) != 2
            or any(type(number) is not int for number in value)
            or not 1 <= value[0] <= value[1] <= most
        ):
            raise self.refuse(
                key,
                f"must be two ascending whole numbers from 1 to {most} such as [2, 4], "
                f"not {_shown(value)}.",
            )
        return value[0], value[1]

    def texts(self, key: str, expected: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self._take(key, expected)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.refuse(key, f"must be {expected}, not {_shown(value)}.")
        return tuple(value)

    def spans(self, key: str, default: tuple[()] | None = None) -> tuple[tuple[int, int], ...]:
        """Opening spans "11:30-14:30" as ascending pairs of minutes since midnight."""
        if default is not None and not self.has(key):
            return default
        expected = 'a list of spans such as ["11:30-14:30", "17:30-23:00"], or [] when closed'
        spans: list[tuple[int, int]] = []
        for text in self.texts(key, expected):
            match = _SPAN.fullmatch(text.strip())
            if match is None:
                raise self.refuse(key, f'has the span {_shown(text)}: write it as "11:30-14:30".')
            opens, closes = _minutes(match[1], match[2]), _minutes(match[3], match[4])
            if opens is None or closes is None or opens >= 1440 or closes > 2880:
                raise self.refuse(
                    key, f"has the span {_shown(text)}: there is no such time of day."
                )
            if closes <= opens:
                late = f"{closes // 60 + 24}:{closes % 60:02d}"
                raise self.refuse(
                    key,
                    f"has the span {_shown(text)}, which closes before it opens: "
                    f'write closing after midnight as "{late}".',
                )
            if spans and opens < spans[-1][1]:
                raise self.refuse(
                    key, f"has the span {_shown(text)}, which overlaps the one before: sort them."
                )
            spans.append((opens, closes))
        return tuple(spans)

    def section(self, key: str) -> "Section":
        """A table inside this one."""
        value = self._take(key, f"a section [{key}]")
        return self._inside(key, value)

    def sections(
        self, key: str, read: Callable[["Section"], _T], least: int, most: int
    ) -> tuple[_T, ...]:
        """A list of tables, each read by `read` and finished."""
        if least == 0 and not self.has(key):
            return ()
        value = self._take(key, f"at least {least} [[{key}]]")
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise self.refuse(key, f"must be {least} to {most} sections [[{key}]].")
        found = []
        for number, table in enumerate(value, start=1):
            inner = self._inside(f"{key}[{number}]", table)
            found.append(read(inner))
            inner.finish()
        return tuple(found)

    def _inside(self, key: str, value: object) -> "Section":
        if not isinstance(value, dict):
            raise self.refuse(key, f"must be a section with settings, not {_shown(value)}.")
        path = ".".join(part for part in (self._path, key) if part)
        return Section(self._file, path, value)


def _minutes(hours: str, minutes: str) -> int | None:
    return int(hours) * 60 + int(minutes) if int(minutes) < 60 else None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
