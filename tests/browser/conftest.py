"""One built page for all tests of this folder; a browser and storage of its own for each."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from browser.stage import CHROMIUM, build, chromium, serving, tab


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the page."""
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is not on this machine: apt-get install chromium")
    with serving(build(tmp_path_factory.mktemp("page"))) as url:
        yield url


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A browser for each test: Playwright's event loop must not outlive it on this thread."""
    with chromium() as one:
        yield one


@pytest.fixture
def context(browser: Browser, site: str) -> Iterator[BrowserContext]:
    """Storage that nobody has used before."""
    one = browser.new_context()
    try:
        yield one
    finally:
        one.close()


@pytest.fixture
def new_tab(context: BrowserContext, site: str) -> Callable[[], Page]:
    return lambda: tab(context, site)


@pytest.fixture
def page(new_tab: Callable[[], Page]) -> Page:
    return new_tab()
