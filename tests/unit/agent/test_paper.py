"""Posters and tents: the codes decode, names are text, and what happens without typst."""

import io
import re
import sys
from dataclasses import replace

import pytest
import zxingcpp
from PIL import Image

from plausch.agent.paper import FORMS, Form, PaperMissing, paper, paper_picture
from unit.domain.profiles import BARE, LINDE

URL = "https://plausch.example/linde"
SIZES_POINTS = {"poster": (595, 842), "tent-a5": (595, 842), "tent-a6": (420, 595)}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("language", ["de", "en"])
def test_the_codes_lead_to_the_page(form: Form, language: str) -> None:
    spoken = "de" if language == "de" else "en"
    raw = paper_picture(LINDE, URL, form, spoken, 100)
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(raw)).convert("L"))
    assert [one.text for one in found] == [URL] * (1 if form == "poster" else 2)


@pytest.mark.parametrize("form", FORMS)
def test_a_pdf_of_one_page_and_its_size(form: Form) -> None:
    raw = paper(LINDE, URL, form, "de")
    assert raw.startswith(b"%PDF-")
    (box,) = re.findall(rb"/MediaBox ?\[0 0 ([0-9.]+) ([0-9.]+)\]", raw)
    assert tuple(round(float(side)) for side in box) == SIZES_POINTS[form]


@pytest.mark.parametrize(
    "name",
    [
        '#panic("x") $ * _ <a> @b \\ //',
        '#read("/etc/passwd")',
        "A" * 80,
        "Wirtshaus " * 7,
        "é 寿司",
    ],
)
def test_names_are_text_and_fit_on_one_page(name: str) -> None:
    hostile = replace(LINDE, name=name.strip())
    for form in FORMS:
        assert len(re.findall(rb"/MediaBox", paper(hostile, URL, form, "de"))) == 1


def test_a_business_of_any_kind_has_a_poster() -> None:
    assert paper(BARE, URL, "poster", "en") != paper(LINDE, URL, "poster", "en")


def test_without_the_extra_a_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(PaperMissing, match=r"plausch\[paper\]"):
        paper(LINDE, URL, "poster", "de")
