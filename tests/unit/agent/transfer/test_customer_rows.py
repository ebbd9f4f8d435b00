"""Customers as rows of a file, in and out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.agent.transfer.customer_rows import CustomerRow, export_customers, read_customers
from plausch.agent.transfer.sheet import SheetRefused

ANNA = CustomerRow("Anna Berg", "+49 89 1234", "de", "mag das Fenster", 3, 1)


def test_a_row_is_a_customer() -> None:
    raw = b"Name;Telefon;Sprache;Notiz\nAnna Berg;+49 89 1234;DE;mag das Fenster\n"
    found = read_customers(raw, "de")
    assert found.rows == ((2, CustomerRow("Anna Berg", "+49 89 1234", "de", "mag das Fenster")),)
    assert found.problems == ()


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (";+49 89 1;;", "missing"),
        ("Anna;nummer;;", "telephone"),
        ("Anna;;fr;", "language"),
        ("Anna;;deutsch;", "too_long"),
        ("x" * 81 + ";;;", "too_long"),
        ("Anna;;", "cells"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(row: str, code: str) -> None:
    raw = f"Name;Telefon;Sprache;Notiz\nBernd;;;\n{row}\n".encode()
    found = read_customers(raw, "de")
    assert [(one.line, one.code) for one in found.problems] == [(3, code)]
    assert len(found.rows) == 1


def test_somebody_who_is_there_twice_is_told() -> None:
    raw = b"Name,Telephone\nAnna,110\nBernd,110\nANNA,110\n"
    (problem,) = read_customers(raw, "en").problems
    assert problem.sentence("en") == "Line 4: This row is in line '2' already."


def test_without_names_there_is_no_import() -> None:
    with pytest.raises(SheetRefused, match="'Name' is missing"):
        read_customers(b"Telefon\n110\n", "de")


@pytest.mark.parametrize("language", ["de", "en"])
def test_an_export_is_by_name_and_runs_nothing(language: str) -> None:
    evil = CustomerRow("=1+1", note="@x")
    raw = export_customers([evil, ANNA], language)
    assert b"'=1+1" in raw and b"'@x" in raw and b"'+49" in raw
    assert [row.name for _, row in read_customers(raw, language).rows] == ["=1+1", "Anna Berg"]


@given(
    name=st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=80),
    note=st.text(st.characters(categories=("L", "N", "P", "S")), max_size=200),
    language=st.sampled_from(["de", "en"]),
)
def test_everybody_comes_back(name: str, note: str, language: str) -> None:
    written = CustomerRow(name, ANNA.telephone, language, note)
    ((_, row),) = read_customers(export_customers([written], language), language).rows
    assert row == written
