"""What the server's pages share: text cannot become markup, and a style is allowed by its hash."""

import base64
import hashlib

import pytest

from page_reader import ReadPage
from plausch.server.html import as_text, style

HOSTILE = "</p><script>alert('1')</script><img src=\"x\" onerror=alert(1)>&amp;<!--"


def test_what_somebody_wrote_stays_text_also_in_an_attribute() -> None:
    page = ReadPage(f'<p title="{as_text(HOSTILE)}">{as_text(HOSTILE)}</p>')
    assert page.elements == [("p", {"title": HOSTILE})]
    assert page.text == HOSTILE
    assert "'" not in as_text("it's"), "nor in an attribute in single quotes"


@pytest.mark.parametrize("name", ["card", "operator_page"])
def test_a_style_is_allowed_by_the_hash_of_what_stands_in_the_element(name: str) -> None:
    found = style(name)
    digest = base64.b64encode(hashlib.sha256(found.text.encode()).digest()).decode()
    assert found.allowed == f"'sha256-{digest}'"
    assert "</" not in found.text, "it would end the element"
