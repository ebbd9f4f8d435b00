"""The web app before a device in memory (web/tests/stage), in Chromium, under the real policy.

Everything that a page says is wrong is kept: a test ends with an empty list of complaints.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, TimeoutError

from browser.stage import WEB, complains

PHONE = (390, 844)
DESKTOP = (1280, 800)
CONVERSATIONS = {
    "linde": "0a" * 16,
    "ben": "0b" * 16,
    "group": "0c" * 16,
    "long": "0d" * 16,
    "request": "0e" * 16,
    "changed": "0f" * 16,
    "left": "1a" * 16,
    "asking": "1b" * 16,
    "member": "1c" * 16,
}
"""The ids of web/tests/stage/cast.ts."""

SHOTS = os.environ.get("PLAUSCH_SHOTS", "")
"""A folder for pictures of every page, to be looked at; none are taken without it."""

_AXE = (WEB / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
_RUN_AXE = """
async () => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const { violations } = await axe.run(document, { runOnly: tags });
  return violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target.join(' '))]);
}
"""


def to(conversation: str, side: str = "") -> str:
    """The address of a conversation, or of its details."""
    return f"#/c/{CONVERSATIONS[conversation]}{side}"


class Stage:
    """One open page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._heard)
        page.on("crash", lambda _: self.complaints.append("the page has crashed"))

    def _heard(self, message: ConsoleMessage) -> None:
        if complains(message) and "build.json" not in str(message.location):
            self.complaints.append(message.text)

    def open(self, url: str) -> None:
        """Go there, until there is a heading. Raises AssertionError that says what is there."""
        self.page.goto(url)
        try:
            self.page.wait_for_selector("h1, [role=heading][aria-level='1']", state="attached")
        except TimeoutError as error:
            shown = self.page.evaluate("document.readyState + ': ' + document.body.innerHTML")
            raise AssertionError(f"{url} has no heading. {self.complaints} {shown}") from error
        self.settle()

    def violations(self) -> Sequence[Any]:
        """What axe-core finds wrong: rule and places."""
        self.page.evaluate(_AXE)
        found: Sequence[Any] = self.page.evaluate(_RUN_AXE)
        return found

    def shoot(self, name: str) -> None:
        """A picture, if anybody wants to look."""
        if SHOTS:
            self.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))

    def settle(self) -> None:
        """Until nothing moves any more: pictures and parts that come later are there."""
        self.page.wait_for_load_state("networkidle")
        self.page.evaluate(
            "() => Promise.all(document.getAnimations()"
            ".filter((one) => one.effect?.getComputedTiming().iterations !== Infinity)"
            ".map((one) => one.finished.catch(() => undefined)))"
        )


@contextmanager
def on_stage(
    browser: Browser,
    url: str,
    *,
    size: tuple[int, int] = PHONE,
    scheme: str = "light",
    language: str = "de-DE",
    motion: str = "no-preference",
) -> Iterator[Stage]:
    """A page of its own with storage of its own, opened at `url`."""
    is_phone = size[0] < 760
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce" if motion == "reduce" else "no-preference",
        locale=language,
        timezone_id="Europe/Berlin",
        has_touch=is_phone,
        is_mobile=is_phone,
    )
    try:
        stage = Stage(context.new_page())
        stage.open(url)
        yield stage
    finally:
        context.close()
