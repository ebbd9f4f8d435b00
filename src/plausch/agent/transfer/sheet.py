"""CSV files as people's programs write them, read strictly, and written so that no cell runs.

Encodings are recognised, not guessed at length: a byte order mark, else UTF-8, else UTF-16 by its
empty bytes, else Windows-1252, and which one it was is told. A cell that a spreadsheet would take
for a formula is written behind an apostrophe, which reading takes away again.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from plausch.base.errors import LocalError

MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 60
MAX_CELL_CHARACTERS = 4_000
DELIMITERS: Mapping[str, str] = {"de": ";", "en": ","}

_BEGINS_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_ESCAPED_FORMULA = re.compile(r"'+[=+\-@\t\r＝＋－＠]")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class SheetRefused(LocalError):
    """The file as a whole is no table that can be read: the sentence says why and what to do."""

    code = "sheet"


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row by column, and the line of the file on which it begins (from 1).

    `excess` counts cells beyond the heads, negative for missing ones.
    """

    line: int
    cells: Mapping[str, str]
    excess: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its columns by their names here, its rows, and the encoding that was recognised."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str


def decoded(raw: bytes) -> tuple[str, str]:
    """A file's text and the name of its encoding. Raises SheetRefused."""
    if len(raw) > MAX_FILE_BYTES:
        raise SheetRefused(
            f"The file is larger than {MAX_FILE_BYTES // 1024 // 1024} MiB: split it."
        )
    for mark, codec, name in _MARKS:
        if raw.startswith(mark):
            return _text(raw, codec, name), name
    even, odd = raw[0:2000:2].count(0), raw[1:2000:2].count(0)
    if max(even, odd) * 4 > len(raw[:2000]):
        codec = "utf-16-be" if even > odd else "utf-16-le"
        return _text(raw, codec, "UTF-16"), "UTF-16"
    try:
        return _text(raw, "utf-8", "UTF-8"), "UTF-8"
    except UnicodeError:
        pass
    return _text(raw, "cp1252", "Windows-1252"), "Windows-1252"


def _text(raw: bytes, codec: str, name: str) -> str:
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError as error:
        if codec == "utf-8":
            raise
        raise SheetRefused(
            f"The file looks like {name}, but byte {error.start} does not belong there: save it "
            'again as "CSV UTF-8".'
        ) from error
    if _CONTROL.search(text):
        raise SheetRefused(
            'The file holds characters that no text has: is it really CSV? Save it as "CSV UTF-8".'
        )
    return text


def read_sheet(raw: bytes, names: Mapping[str, str]) -> Sheet:
    """A table with a row of heads; `names` are the columns by the heads that people write.

    Heads are compared without case. Raises SheetRefused.
    """
    text, encoding = decoded(raw)
    delimiter, text, skipped = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: tuple[str, ...] = ()
    rows: list[Row] = []
    begins = skipped + 1
    try:
        for cells in reader:
            line, begins = begins, reader.line_num + skipped + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = _columns(cells, names)
                continue
            if len(rows) == MAX_ROWS:
                raise SheetRefused(f"The file has more than {MAX_ROWS} rows: split it.")
            rows.append(_row(line, cells, columns))
    except csv.Error as error:
        raise SheetRefused(
            f"Line {begins}: a quotation mark is not closed, or something follows it ({error}): "
            "correct that line."
        ) from error
    if not columns:
        raise SheetRefused("The file is empty: its first line names the columns.")
    return Sheet(columns, tuple(rows), encoding)


def _delimiter(text: str) -> tuple[str, str, int]:
    """Semicolon, comma or tab, by the first line; Excel's own `sep=;` line is skipped."""
    first, _, rest = text.partition("\n")
    said = re.fullmatch(r"sep=([;,\t])\r?", first, re.I)
    if said:
        return said[1], rest, 1
    heads = re.sub(r'"[^"]*"', "", first)
    return max((";", ",", "\t"), key=heads.count), text, 0


def _columns(cells: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    if len(cells) > MAX_COLUMNS:
        raise SheetRefused(f"The file has more than {MAX_COLUMNS} columns: remove some.")
    found = []
    for cell in cells:
        head = unescaped(cell.strip())
        column = names.get(head.lower())
        if column is None:
            known = ", ".join(sorted({one.capitalize() for one in names}))
            raise SheetRefused(
                f"The column {head[:40]!r} is not known: rename or remove it. Known are: {known}."
            )
        if column in found:
            raise SheetRefused(f"The column {head[:40]!r} is there twice: remove one of them.")
        found.append(column)
    return tuple(found)


def _row(line: int, cells: Sequence[str], columns: tuple[str, ...]) -> Row:
    if any(len(cell) > MAX_CELL_CHARACTERS for cell in cells):
        raise SheetRefused(
            f"Line {line}: a cell has more than {MAX_CELL_CHARACTERS} characters; is a quotation "
            "mark missing?"
        )
    named = {column: unescaped(cell.strip()) for column, cell in zip(columns, cells, strict=False)}
    return Row(line, named, len(cells) - len(columns))


def escaped(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if _BEGINS_FORMULA.match(cell) else cell


def unescaped(cell: str) -> str:
    """The opposite of `escaped`."""
    return cell[1:] if _ESCAPED_FORMULA.match(cell) else cell


def written(heads: Sequence[str], rows: Iterable[Sequence[str | int]], language: str) -> bytes:
    """A file that spreadsheets of that language open as it is: UTF-8 with its mark, quoted."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=DELIMITERS[language], lineterminator="\r\n")
    writer.writerow([escaped(one) for one in heads])
    for row in rows:
        writer.writerow([escaped(one) if isinstance(one, str) else one for one in row])
    return codecs.BOM_UTF8 + text.getvalue().encode()
