"""The plan under a finger, and what of it is off, before a played agent."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, CDPSession, FloatRect, Locator, Page, expect

from browser.app_stage import DESKTOP, PHONE, Stage, on_stage
from browser.test_app_business import BUSINESS, grid, tomorrow
from browser.test_app_pages import wrong_with

HOLD_MS = 500
"""Longer than a finger is held still before it takes a booking."""


class Finger:
    """One finger on the page, moved by whoever tests; time passes only when it is told to."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session: CDPSession = page.context.new_cdp_session(page)
        page.clock.install()
        page.clock.pause_at(page.evaluate("() => Date.now()") + 1000)

    def down(self, x: float, y: float) -> None:
        self._send("touchStart", [{"x": x, "y": y}])

    def move(self, x: float, y: float) -> None:
        self._send("touchMove", [{"x": x, "y": y}])

    def up(self) -> None:
        self._send("touchEnd", [])

    def wait(self, ms: int) -> None:
        self._page.clock.run_for(ms)

    def _send(self, kind: str, points: list[dict[str, float]]) -> None:
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@contextmanager
def plan_of_a_day(browser: Browser, url: str) -> Iterator[tuple[Stage, Page]]:
    """The day as a picture on a phone."""
    with on_stage(browser, url + BUSINESS + "#/plan", size=PHONE) as stage:
        page = tomorrow(stage)
        grid(page)
        page.get_by_role("button", name="Ben Weber").scroll_into_view_if_needed()
        yield stage, page


def box(one: Locator) -> FloatRect:
    found = one.bounding_box()
    assert found is not None
    return found


def scrolled(page: Page) -> int:
    left: int = page.locator(".grid").evaluate("(one) => Math.round(one.scrollLeft)")
    return left


def test_a_finger_that_is_held_still_takes_a_booking(app_site: str, browser: Browser) -> None:
    with plan_of_a_day(browser, app_site) as (stage, page):
        piece = page.get_by_role("button", name="Ben Weber")
        at = box(piece)
        hour = (
            box(page.locator(".track").first)["width"]
            / page.locator(".hours span:not(.now-time)").count()
        )
        before = scrolled(page)
        finger = Finger(page)
        x, y = at["x"] + at["width"] / 2, at["y"] + at["height"] / 2
        finger.down(x, y)
        expect(page.locator(".ghost")).to_have_count(0)
        finger.wait(HOLD_MS)
        expect(page.locator(".ghost")).to_have_count(1)
        for step in range(1, 6):
            finger.move(x + hour / 2 / 5 * step, y)
        expect(page.locator(".ghost")).to_contain_text("18:30")
        assert scrolled(page) == before
        finger.up()
        finger.wait(100)
        page.get_by_role("button", name="Ben Weber, 2 Gäste, 18:30").wait_for()
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert stage.complaints == []


def test_a_finger_that_moves_at_once_scrolls(app_site: str, browser: Browser) -> None:
    with plan_of_a_day(browser, app_site) as (stage, page):
        at = box(page.get_by_role("button", name="Ben Weber"))
        before = scrolled(page)
        finger = Finger(page)
        x, y = at["x"] + at["width"] / 2, at["y"] + at["height"] / 2
        finger.down(x, y)
        for step in range(1, 9):
            finger.move(x - 12 * step, y)
        page.wait_for_function(f"() => document.querySelector('.grid').scrollLeft > {before} + 20")
        finger.wait(2 * HOLD_MS)
        expect(page.locator(".ghost")).to_have_count(0)
        finger.up()
        page.get_by_role("button", name="Ben Weber, 2 Gäste, 18:00").wait_for()
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert stage.complaints == []


def test_a_tap_opens_and_a_finger_put_away_puts_back(app_site: str, browser: Browser) -> None:
    with plan_of_a_day(browser, app_site) as (stage, page):
        piece = page.get_by_role("button", name="Ben Weber")
        piece.tap()
        page.get_by_role("dialog").wait_for()
        page.keyboard.press("Escape")
        at = box(piece)
        x, y = at["x"] + at["width"] / 2, at["y"] + at["height"] / 2
        finger = Finger(page)
        finger.down(x, y)
        finger.wait(HOLD_MS)
        expect(page.locator(".ghost")).to_have_count(1)
        finger.up()
        finger.wait(100)
        expect(page.locator(".ghost")).to_have_count(0)
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert stage.complaints == []


def test_at_an_edge_the_plan_comes_along(app_site: str, browser: Browser) -> None:
    with plan_of_a_day(browser, app_site) as (stage, page):
        at = box(page.get_by_role("button", name="Ben Weber"))
        before = scrolled(page)
        x, y = at["x"] + at["width"] / 2, at["y"] + at["height"] / 2
        finger = Finger(page)
        finger.down(x, y)
        finger.wait(HOLD_MS)
        finger.move(PHONE[0] - 10, y)
        finger.wait(1000)
        assert scrolled(page) > before + 100
        finger.up()
        finger.wait(100)
        page.get_by_role("button", name=re.compile("Ben Weber, 2 Gäste, 2[0-2]")).wait_for()
        assert stage.complaints == []


CANCEL = """() => {
    const [day] = location.hash.match(/\\d{4}-\\d\\d-\\d\\d/);
    stage.device.agent.guestBooks({
        underName: 'Rita Doch-Nicht', resources: [], state: 'cancelled',
        startsAtS: Date.parse(`${day}T16:45:00Z`) / 1000,
        endsAtS: Date.parse(`${day}T20:00:00Z`) / 1000,
    });
}"""


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_off_is_shown_when_it_is_asked_for(
    app_site: str, browser: Browser, size: tuple[int, int], scheme: str
) -> None:
    address = app_site + BUSINESS + "#/plan"
    with on_stage(browser, address, size=size, scheme=scheme) as stage:
        page = tomorrow(stage)
        toggle = page.get_by_role("button", name="Abgelehnt und storniert (1)")
        rita = page.get_by_role("button", name="Rita Doch-Nicht")
        expect(toggle).to_have_count(0)
        page.evaluate(CANCEL)
        toggle.wait_for()
        for form in ("Liste", "Tag"):
            page.get_by_role("radio", name=form, exact=True).check(force=True)
            page.get_by_role("button", name="Ben Weber").wait_for()
            expect(rita).to_have_count(0)
            toggle.click()
            expect(rita).to_be_visible()
            assert wrong_with(stage, f"business_off_{form}-{size[0]}-{scheme}") == []
            if form == "Tag":
                rita.focus()
                page.keyboard.press("m")
                expect(page.locator(".ghost")).to_have_count(0)
            toggle.click()
        toggle.click()
        page.get_by_role("radio", name="Woche").check(force=True)
        page.get_by_text("Rita Doch-Nicht").wait_for(state="attached")
        assert stage.complaints == []
