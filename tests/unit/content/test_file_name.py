"""What a name from a message may be, and what it may not do."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plausch.content.file_name import NAME_BYTES, NAMELESS, safe_name

HARD = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from('./\\:*?"<>| \t\n\r-_\u202e\u2066\u200b\ufeff\u00a0\u2028cCoOnN1\u00b9'),
    ),
    max_size=200,
)


@pytest.mark.parametrize(
    "name",
    [
        *("Speisekarte.pdf", "a.tar.gz", "Grüße aus Wien.jpg", "写真.png", "كتاب.pdf", "~x", "x~"),
        *("console.log", "com10", "(1).txt", "IMG_2024-05-01 (2).JPG", "#hash&and+plus=.md"),
    ],
)
def test_a_safe_name_stays_as_it_is(name: str) -> None:
    assert safe_name(name) == name


@pytest.mark.parametrize("name", ["", " ", ".", "..", ". . .", "\x00\x01", "\u200b\u202e", "\n"])
def test_what_has_no_name_is_called_file(name: str) -> None:
    assert safe_name(name) == NAMELESS


@pytest.mark.parametrize("device", ["con", "PRN", "Aux", "nUl", "COM0", "com9", "LPT5", "conin$"])
@pytest.mark.parametrize("ending", ["", ".txt", ".tar.gz", " .txt"])
def test_a_device_of_windows_is_no_file(device: str, ending: str) -> None:
    assert safe_name(device + ending) == "_" + device + ending


def test_marks_of_direction_cannot_hide_an_ending() -> None:
    assert safe_name("holiday\u202egpj.exe") == "holidaygpj.exe"
    assert safe_name("a.pdf" + " " * 100 + ".exe") == "a.pdf .exe"


def test_a_name_leads_nowhere_else() -> None:
    for hostile in ("../../x", "/etc/x", "..\\x", "C:\\x", "a/../b", "\\\\server\\share"):
        name = safe_name(hostile)
        assert not set(name) & set("/\\:")
        assert not name.startswith(".")


def test_a_name_is_no_option_of_a_command() -> None:
    assert safe_name("-rf") == "_-rf"
    assert safe_name("--help.txt") == "_--help.txt"


@pytest.mark.parametrize("ending", [".jpeg", ".tar", ".p7m"])
def test_a_long_name_keeps_its_ending(ending: str) -> None:
    name = safe_name("x" * 500 + ending)
    assert name.endswith(ending)
    assert len(name) == NAME_BYTES


def test_a_long_ending_is_none() -> None:
    assert safe_name("a." + "b" * 300) == ("a." + "b" * 300)[:NAME_BYTES]


def test_a_cut_never_leaves_half_a_character() -> None:
    for filler in ("ä", "写", "🙂"):
        name = safe_name("y" + filler * 200 + ".png")
        assert name.rstrip(".png").strip("y") == filler * (len(name) - 5)


def test_a_name_is_composed() -> None:
    assert safe_name("e\u0301.txt") == "\u00e9.txt"
    assert safe_name("e\u200b\u0301.txt") == "\u00e9.txt"


@given(HARD)
@example("-" + "x" * 200)
@example("con" + " " * 200 + ".txt")
@example("x" * 103 + " . " + "y" * 30 + ".pdf")
@example("a" * 119 + ". b")
def test_every_name_is_safe_and_then_stays(name: str) -> None:
    safe = safe_name(name)
    assert safe_name(safe) == safe
    assert 0 < len(safe.encode()) <= NAME_BYTES
    assert not set(safe) & set('/\\:*?"<>|')
    assert safe == safe.strip(" .")
    assert not safe.startswith("-")
    for character in safe:
        assert unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def test_half_a_surrogate_pair_is_dropped() -> None:
    assert safe_name("a\ud800b.txt") == "ab.txt"
