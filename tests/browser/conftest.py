"""One built page for all tests of this folder; a browser and storage of its own for each."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from browser.people import Troupe, troupe_of
from browser.stage import CHROMIUM, build, chromium, tab
from plausch.server.site import BUILT_IN, is_built
from server_process import OPEN_LIMITS, ServerProcess


@pytest.fixture(scope="session")
def built_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, built and sealed as the app is."""
    return build(tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="session")
def site(built_page: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the page, at a server that has it for its web app."""
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is not on this machine: apt-get install chromium")
    config = f'web_dir = "{built_page}"\n'
    with ServerProcess(tmp_path_factory.mktemp("server"), config=config) as server:
        yield f"{server.url}/"


@pytest.fixture(scope="session")
def app_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the web app before a device in memory (web/tests/stage)."""
    folder = build(tmp_path_factory.mktemp("app"), "vite.stage.config.ts")
    config = f'web_dir = "{folder}"\n'
    with ServerProcess(tmp_path_factory.mktemp("server"), config=config) as server:
        yield f"{server.url}/"


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


@pytest.fixture(scope="session")
def app_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with the app as it was built."""
    if not is_built():
        pytest.fail(f"the web app is not in {BUILT_IN}; run: make web")
    with ServerProcess(tmp_path_factory.mktemp("app"), config=OPEN_LIMITS) as server:
        yield server


@pytest.fixture(scope="session")
def app_url(app_server: ServerProcess) -> str:
    """The address of the app."""
    return f"http://localhost:{app_server.port}"


@pytest.fixture
def troupe(browser: Browser, app_url: str, tmp_path: Path) -> Iterator[Troupe]:
    with troupe_of(browser, app_url, tmp_path) as everybody:
        yield everybody
