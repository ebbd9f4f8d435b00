from dataclasses import replace

from plausch.domain.profile import Wording
from plausch.domain.vcard import vcard
from unit.domain.profiles import BARE, LINDE

URL = "https://example.org/linde"
URI = "mimi://example.org/u/linde"


def unfolded(text: str) -> list[str]:
    return text.replace("\r\n ", "").split("\r\n")


def test_a_card_says_who_where_and_how() -> None:
    lines = unfolded(vcard(LINDE, URL, URI, "de"))
    assert lines[:3] == ["BEGIN:VCARD", "VERSION:4.0", "KIND:org"]
    assert lines[-2:] == ["END:VCARD", ""]
    assert "FN:Zur Linde" in lines
    assert "ADR;TYPE=work:;;Lindenstraße 7;Augsburg;;86150;DE" in lines
    assert "TEL;TYPE=work;VALUE=uri:tel:+49821123456" in lines
    assert f"IMPP;PREF=1:{URI}" in lines
    assert "NOTE:Schwäbische Küche.\\nMit Garten." in lines
    assert "LANG;PREF=2:en" in lines


def test_lines_are_folded_at_75_octets() -> None:
    text = vcard(replace(LINDE, description=Wording("ü" * 900)), URL, URI, "de")
    assert max(len(line.encode()) for line in text.split("\r\n")) == 75
    assert "NOTE:" + "ü" * 900 in unfolded(text)


def test_no_text_adds_a_property() -> None:
    hostile = replace(LINDE, name="A;B,C\\", description=Wording("x\nTEL:110"))
    lines = unfolded(vcard(hostile, URL, URI, "de"))
    assert "FN:A\\;B\\,C\\\\" in lines
    assert "TEL:110" not in lines
    assert "NOTE:x\\nTEL:110" in lines


def test_a_bare_profile_has_a_card_too() -> None:
    lines = unfolded(vcard(BARE, URL, URI, "en"))
    assert "ORG:B" in lines
    assert not [line for line in lines if line.startswith(("ADR", "TEL", "EMAIL", "NOTE"))]
