"""The programs that the fuzz speaks with; each lives as long as the tests of one file."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from browser.stage import CHROMIUM
from interop.chromium import Chromium
from interop.programs import NODE, Node, Program
from interop.ts_mls import FOLDER, ts_mls

WEB = Path(__file__).resolve().parents[2] / "web"
PEER = WEB / "tests" / "interop"


@pytest.fixture(scope="module")
def node() -> Iterator[Program]:
    """ts-mls."""
    if not (FOLDER / "node_modules" / "ts-mls").is_dir():
        pytest.fail(
            "ts-mls is not installed: run `make test`, or `npm ci --ignore-scripts` in "
            "tests/interop"
        )
    process = ts_mls()
    yield process
    process.close()


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with web/tests/interop/peer.ts as one module, peer.js, and the page around it."""
    if not (WEB / "node_modules" / "vite").is_dir():
        pytest.fail("vite is not installed: run `make test`, or `npm ci --ignore-scripts` in web")
    folder = tmp_path_factory.mktemp("typescript_core")
    shutil.copytree(PEER / "page", folder, dirs_exist_ok=True)
    subprocess.run([NODE, PEER / "build.mjs", folder], cwd=WEB, check=True, timeout=120)
    return folder


@pytest.fixture(scope="module")
def browser_node(bundle: Path) -> Iterator[Program]:
    """The TypeScript core under Node."""
    process = Node("browser-node", PEER / "stdin.mjs", bundle / "peer.js")
    yield process
    process.close()


@pytest.fixture(scope="module")
def browser_chromium(bundle: Path) -> Iterator[Program]:
    """The TypeScript core in Chromium."""
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is not there: run `packaging/provision chromium`")
    page = Chromium(bundle)
    yield page
    page.close()
