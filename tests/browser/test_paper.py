"""Poster and table tent out of the web app: one sheet of A4, whose codes lead to the page."""

import io
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import typst
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from browser.app_stage import DESKTOP, PHONE, SHOTS, on_stage

POSTER = "?business=public#/house/poster"
A4_POINTS = (595, 842)
LONG = "Wirtshaus " * 7 + "Zur Linde"
_CUT_OFF = """
({ clientHeight, clientWidth, scrollHeight, scrollWidth }) =>
  [scrollHeight - clientHeight, scrollWidth - clientWidth]
"""
_NAMED = """name => {
  const { own } = stage.device.ownProfile;
  const profile = { ...own.published.profile, name };
  stage.device.ownProfile.own = { ...own, published: { ...own.published, profile } };
  location.hash = '#/house/poster';
}"""


def sheet_of(page: Page, folder: Path) -> Image.Image:
    """What the browser saves as PDF, which is one page of A4, as a picture."""
    raw = page.pdf(prefer_css_page_size=True, print_background=True)
    (box,) = re.findall(rb"/MediaBox ?\[0 0 ([0-9.]+) ([0-9.]+)\]", raw)
    assert tuple(round(float(side)) for side in box) == A4_POINTS
    assert len(re.findall(rb"/Type ?/Page\b", raw)) == 1
    (folder / "sheet.pdf").write_bytes(raw)
    setting = folder / "sheet.typ"
    setting.write_text(
        '#set page(width: 210mm, height: 297mm, margin: 0mm)\n#image("sheet.pdf", width: 100%)\n'
    )
    drawn = typst.compile(setting, format="png", ppi=100.0)
    return Image.open(io.BytesIO(drawn)).convert("RGB")


def codes_on(sheet: Image.Image) -> list[str]:
    return [one.text for one in zxingcpp.read_barcodes(sheet.convert("L"))]


def kept(sheet: Image.Image, name: str) -> None:
    """For whoever wants to look."""
    if SHOTS:
        sheet.save(Path(SHOTS) / f"{name}.png")


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("form", ["poster", "tent"])
@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESKTOP, "light")])
def test_the_codes_on_paper_lead_to_the_page(
    app_site: str,
    browser: Browser,
    tmp_path: Path,
    language: str,
    form: str,
    size: tuple[int, int],
    scheme: str,
) -> None:
    with on_stage(browser, app_site + POSTER, size=size, scheme=scheme) as stage:
        page = stage.page
        page.get_by_role("radio", name="Plakat" if form == "poster" else "Aufsteller").check(
            force=True
        )
        page.get_by_role("radio", name="Deutsch" if language == "de" else "English").check(
            force=True
        )
        said = "Hier reservieren" if language == "de" else "Book and order"
        expect(page.get_by_role("region", name="So wird es gedruckt")).to_contain_text(said)
        sheet = sheet_of(page, tmp_path)
        kept(sheet, f"paper-{form}-{language}-{scheme}")
        url = f"http://{urlsplit(app_site).netloc}/linde"
        assert codes_on(sheet) == [url] * (1 if form == "poster" else 2)
        assert sheet.getpixel((3, 3)) == (255, 255, 255)
        expect(page.get_by_role("heading", name="Plakat und Tischaufsteller")).to_be_visible()
        assert stage.complaints == []


@pytest.mark.parametrize("name", [LONG, "A" * 80, "W", "<b>Linde</b> & é 寿司"])
@pytest.mark.parametrize("form", ["Plakat", "Aufsteller"])
def test_whatever_it_is_called_it_is_one_sheet(
    app_site: str, browser: Browser, tmp_path: Path, name: str, form: str
) -> None:
    with on_stage(browser, app_site + "?business=public#/house", size=DESKTOP) as stage:
        page = stage.page
        page.evaluate(_NAMED, name)
        page.get_by_role("radio", name=form).check(force=True)
        preview = page.get_by_role("region", name="So wird es gedruckt")
        expect(preview).to_contain_text(name.strip())
        sheet = sheet_of(page, tmp_path)
        kept(sheet, f"paper-{form}-{len(name)}")
        assert len(codes_on(sheet)) == (1 if form == "Plakat" else 2)
        assert preview.locator(".sheet").evaluate(_CUT_OFF) == [0, 0]
        heights = {
            round(one.evaluate("one => one.getBoundingClientRect().height"), 1)
            for one in preview.locator(".panel").all()
        }
        assert len(heights) <= 1  # the fold is in the middle


def test_other_pages_are_printed_as_before(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + POSTER, size=DESKTOP) as stage:
        page = stage.page
        page.get_by_role("button", name="Zurück").first.click()
        expect(page.get_by_role("heading", name="Profil und Link")).to_be_visible()
        expect(page.locator(".paper-printed")).to_have_count(0)
        page.emulate_media(media="print")
        expect(page.get_by_role("heading", name="Profil und Link")).to_be_visible()


def test_print_is_asked_of_the_browser(app_site: str, browser: Browser) -> None:
    with on_stage(browser, app_site + POSTER, size=DESKTOP) as stage:
        stage.page.evaluate("() => { window.prints = 0; window.print = () => window.prints++; }")
        stage.page.get_by_role("button", name="Drucken").click()
        assert stage.page.evaluate("window.prints") == 1
