"""Chromium with the TypeScript core in a worker, driven by Playwright, under the app's policy."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Page

from browser.stage import chromium, serving
from interop.programs import Program


class Chromium(Program):
    """One page. Playwright has a thread of its own: its event loop is nobody else's business."""

    kind = "browser-chromium"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._complaints: list[str] = []
        self._open_things = ExitStack()
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._page: Page = self._thread.submit(self._open, folder).result()

    def _open(self, folder: Path) -> Page:
        url = self._open_things.enter_context(serving(folder))
        page = self._open_things.enter_context(chromium()).new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._complaints.append(str(error)))
        page.goto(url)
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        """A violation of the policy, a script that is not there: all arrive on the console."""
        self._complaints.append(message.text)

    def _exchange(self, lines: Sequence[str]) -> Sequence[str]:
        asking = self._thread.submit(self._page.evaluate, "lines => ask(lines)", list(lines))
        answers: list[str] = asking.result()
        return answers

    def close(self) -> None:
        self._thread.submit(self._open_things.close).result()
        self._thread.shutdown()
        assert self._complaints == [], self._complaints
