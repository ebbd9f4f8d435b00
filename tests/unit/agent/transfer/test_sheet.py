"""CSV files in whatever encoding, read strictly, and written so that no cell runs."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.agent.transfer import sheet as module
from plausch.agent.transfer.sheet import (
    Row,
    SheetRefused,
    decoded,
    escaped,
    read_sheet,
    unescaped,
    written,
)

NAMES = {"name": "name", "größe": "size", "note": "note"}
TEXT = "Name;Größe\r\nMüller;4\r\n"


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (TEXT.encode(), "UTF-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), "UTF-8"),
        (TEXT.encode("cp1252"), "Windows-1252"),
        (codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), "UTF-16"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "UTF-16"),
        (TEXT.encode("utf-16-le"), "UTF-16"),
        (TEXT.encode("utf-16-be"), "UTF-16"),
    ],
)
def test_the_usual_encodings_are_recognised(raw: bytes, encoding: str) -> None:
    assert decoded(raw) == (TEXT, encoding)
    (row,) = read_sheet(raw, NAMES).rows
    assert row == Row(2, {"name": "Müller", "size": "4"})


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"Name\n\x81\x8d", "looks like Windows-1252, but byte 5"),
        (codecs.BOM_UTF8 + b"Name\n\xff", "looks like UTF-8"),
        (codecs.BOM_UTF16_LE + b"N\x00a", "looks like UTF-16"),
        (b"PK\x03\x04\x14\x00\x06\x00xl/workbook", "characters that no text has"),
        (b"%PDF-1.7\n\x01\x02", "characters that no text has"),
        (b"Name\n\x00", "characters that no text has"),
    ],
)
def test_what_is_no_text_is_a_sentence(raw: bytes, said: str) -> None:
    with pytest.raises(SheetRefused, match=said):
        read_sheet(raw, NAMES)


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_the_delimiter_is_seen_in_the_first_line(delimiter: str) -> None:
    text = f'"Name"{delimiter}Größe\nMüller{delimiter}4\n'
    assert read_sheet(text.encode(), NAMES).rows[0].cells == {"name": "Müller", "size": "4"}


def test_excels_own_line_says_the_delimiter() -> None:
    (row,) = read_sheet("sep=,\r\nName,Größe\r\nA;B,4\r\n".encode(), NAMES).rows
    assert row == Row(3, {"name": "A;B", "size": "4"})


def test_quoted_cells_hold_delimiters_quotes_and_lines() -> None:
    found = read_sheet(b'Name;Note\n"A;""B""";"one\ntwo"\nC;x\n', NAMES)
    assert found.rows == (
        Row(2, {"name": 'A;"B"', "note": "one\ntwo"}),
        Row(4, {"name": "C", "note": "x"}),
    )


def test_rows_of_another_length_say_so() -> None:
    found = read_sheet(b"Name;Note\nA\nB;x;y\n\n;\nC;z\n", NAMES)
    assert [(row.line, row.excess) for row in found.rows] == [(2, -1), (3, 1), (6, 0)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("Name;Alter\n", "'Alter' is not known"),
        ("Name;NAME\n", "there twice"),
        ('Name;Note\nA;"open\n', "Line 2: a quotation mark"),
        ('Name;Note\nA;x\nB;"x"y\n', "Line 3: a quotation mark"),
        (";".join(["Name"] * 61), "more than 60 columns"),
        ("Name\n" + "x" * 4001, "Line 2: a cell has more"),
        ("Name\n" + "x" * 200_000, "Line 2"),
    ],
)
def test_what_is_no_table_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(SheetRefused, match=said):
        read_sheet(text.encode(), NAMES)


def test_large_files_and_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ROWS", 2)
    with pytest.raises(SheetRefused, match="more than 2 rows"):
        read_sheet(b"Name\nA\nB\nC\n", NAMES)
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 3)
    with pytest.raises(SheetRefused, match="larger than"):
        read_sheet(b"Name\n", NAMES)


@pytest.mark.parametrize(
    "cell", ["=1+1", "+49 89 1", "-1", "@SUM(A1)", "\t=1", "＝1", "'=1", "''+1", '=HYPERLINK("x")']
)
def test_no_cell_is_a_formula(cell: str) -> None:
    assert escaped(cell) == f"'{cell}"
    assert unescaped(escaped(cell)) == cell


@pytest.mark.parametrize("cell", ["", "Anna", "O'Neill", "'s-Hertogenbosch", "4", "1-2"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert escaped(cell) == cell == unescaped(cell)


@pytest.mark.parametrize("language", ["de", "en"])
@given(
    rows=st.lists(
        st.tuples(*[st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")))] * 2),
        max_size=8,
    )
)
def test_what_is_written_is_read_again(language: str, rows: list[tuple[str, str]]) -> None:
    raw = written(["Name", "Note"], rows, language)
    assert raw.startswith(codecs.BOM_UTF8)
    found = [(row.cells["name"], row.cells["note"]) for row in read_sheet(raw, NAMES).rows]
    assert found == [row for row in rows if any(row)]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        found = read_sheet(b"Name;Note\n" + raw, NAMES)
    except SheetRefused as error:
        assert str(error)
    else:
        assert found.columns == ("name", "note")
