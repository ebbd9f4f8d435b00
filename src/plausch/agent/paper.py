"""A business on paper: a poster for the door and tents for the tables, with its QR code, as PDF.

Typst sets the page; it is an extra of the installation, because it is large and a business prints
once. What a profile says goes in as data and cannot become markup.
"""

import io
import json
from importlib import resources
from typing import Literal

import segno

from plausch.base.errors import LocalError
from plausch.domain.profile import KINDS, Profile

Form = Literal["poster", "tent-a5", "tent-a6"]
FORMS: tuple[Form, ...] = ("poster", "tent-a5", "tent-a6")

_CALLS = {
    "restaurant": ("Hier reservieren und bestellen", "Book and order here"),
    "cafe": ("Hier reservieren und bestellen", "Book and order here"),
    "hairdresser": ("Hier Termin vereinbaren", "Make an appointment here"),
    "practice": ("Hier Termin vereinbaren", "Make an appointment here"),
}
_CALL = ("Schreiben Sie uns", "Write to us")
_PROMISES = (
    ("Scannen und losschreiben, ohne App", "Scan and write, no app needed"),
    ("Verschlüsselt, ohne Telefonnummer, kostenlos", "Encrypted, no telephone number, free"),
)


class PaperMissing(LocalError):
    """This installation cannot set pages."""

    code = "paper_missing"


def paper(profile: Profile, url: str, form: Form, language: Literal["de", "en"]) -> bytes:
    """The PDF; `url` is what the code leads to. Raises PaperMissing."""
    return _set(profile, url, form, language, "pdf")


def paper_picture(
    profile: Profile, url: str, form: Form, language: Literal["de", "en"], dots_per_inch: int
) -> bytes:
    """The same page as PNG. Raises PaperMissing."""
    return _set(profile, url, form, language, "png", dots_per_inch)


def _set(
    profile: Profile,
    url: str,
    form: Form,
    language: Literal["de", "en"],
    file_format: Literal["pdf", "png"],
    dots_per_inch: int = 144,
) -> bytes:
    try:
        import typst
    except ImportError as error:
        raise PaperMissing(
            "Posters need the extra 'paper', which is not installed: pip install 'plausch[paper]'."
        ) from error
    spoken = 0 if language == "de" else 1
    kind = KINDS[profile.kind].in_language(language)
    said = {
        "form": form,
        "language": language,
        "name": profile.name,
        "where": " · ".join(one for one in (kind, profile.address.locality) if one),
        "call": _CALLS.get(profile.kind, _CALL)[spoken],
        "promises": [promise[spoken] for promise in _PROMISES],
        "url": url,
        "shown": url.partition("://")[2],
    }
    template = (resources.files("plausch.agent") / "paper.typ").read_bytes()
    inputs = {"said": json.dumps(said), "code": _code(url)}
    return typst.compile(template, format=file_format, sys_inputs=inputs, ppi=float(dots_per_inch))


def _code(url: str) -> str:
    """The QR code as SVG; a quarter of it may be dirty or torn."""
    drawn = io.BytesIO()
    segno.make(url, error="q", micro=False).save(drawn, kind="svg", border=2, xmldecl=False)
    return drawn.getvalue().decode()
