"""What is named only to be ruled out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plausch.agent.denied import denied


def is_denied(text: str) -> bool:
    """Whether the word FREITAG of a text is ruled out there."""
    begin = text.index("FREITAG")
    return denied(text, begin, begin + len("FREITAG"))


@pytest.mark.parametrize(
    "text",
    [
        "nicht FREITAG",
        "nicht am FREITAG, sondern samstag",
        "not FREITAG but saturday",
        "not on FREITAG",
        "kein FREITAG",
        "samstag statt FREITAG",
        "anstatt am FREITAG",
        "instead of FREITAG",
        "rather than on FREITAG",
        "außer FREITAG",
        "except FREITAG",
        "i can't do FREITAG",
        "ohne FREITAG",
        "FREITAG geht nicht",
        "FREITAG geht bei uns leider nicht",
        "FREITAG kann ich nicht",
        "FREITAG passt mir gar nicht",
        "FREITAG ist schlecht",
        "FREITAG wäre leider ungünstig",
        "FREITAG doesn't work",
        "FREITAG won't suit",
        "FREITAG is no good",
        "ich hatte FREITAG gesagt, meinte aber samstag",
        "i said FREITAG but it is saturday",
    ],
)
def test_ruled_out(text: str) -> None:
    assert is_denied(text)


@pytest.mark.parametrize(
    "text",
    [
        "FREITAG",
        "am FREITAG bitte",
        "warum nicht FREITAG",
        "why not FREITAG",
        "nicht samstag, sondern FREITAG",
        "FREITAG geht",
        "FREITAG passt gut, samstag geht nicht",
        "FREITAG statt samstag",
        "FREITAG kann ich",
        "FREITAG is good",
        "nicht vor FREITAG",
        "wir hatten FREITAG gesagt",
    ],
)
def test_meant(text: str) -> None:
    assert not is_denied(text)


@given(st.text(max_size=200), st.integers(0, 200), st.integers(0, 200))
def test_any_text_and_place_has_an_answer(text: str, begin: int, length: int) -> None:
    begin = min(begin, len(text))
    assert denied(text, begin, min(begin + length, len(text))) in (True, False)
