"""What the pages have in common that the server writes as HTML: text that stays text, a style."""

import base64
import hashlib
from html import escape
from importlib import resources
from typing import NamedTuple


class Style(NamedTuple):
    """A page's one style element: what stands in it, and the hash by which its policy allows it."""

    text: str
    allowed: str


def style(name: str) -> Style:
    """The style of this name, from the file beside this module."""
    text = (resources.files("plausch.server") / f"{name}.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Style(text, f"'sha256-{digest}'")


def as_text(said: str) -> str:
    """What somebody wrote as text of HTML, also within an attribute in double quotes."""
    return escape(said, quote=True)
