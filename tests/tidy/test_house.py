"""The house in code: layers, the blind server, the locks, the licence."""

import ast
import hashlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from .conftest import ROOT

LICENCE_SHA256 = "0d96a4ff68ad6d4b6f1f30f713b18d5184912ba8dd389f86aa7710db079abcb0"
BLIND_MLS = ("handshake", "framing", "key_package", "welcome_header")
SECRET_MLS = {
    "group",
    "joiner",
    "key_schedule",
    "secret_tree",
    "protection",
    "welcome",
    "commit",
    "external",
    "join",
    "process",
    "saved",
    "epoch",
    "staged",
}
"""Modules that hold or make a group's secrets. `psk` is not among them: the blind half reads the
names of pre-shared keys in proposals; its derivations take secrets as arguments and keep none."""


def imports_of(path: Path) -> set[str]:
    """Full names of what a file imports, outside `if TYPE_CHECKING`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute in this house"
            found.add(node.module or "")
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def reachable(start: str) -> set[str]:
    """Every module of Plausch that importing `start` brings in."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        path = ROOT / "src" / Path(*name.split("."))
        file = (
            path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
        )
        if name in seen or not file.is_file():
            continue
        seen.add(name)
        waiting += [one for one in imports_of(file) if one.startswith("plausch")]
    return seen


@pytest.mark.parametrize("blind", BLIND_MLS)
def test_the_blind_half_of_mls_reaches_no_secret(blind: str) -> None:
    if not (ROOT / "src" / "plausch" / "mls" / f"{blind}.py").is_file():
        pytest.fail(f"mls/{blind}.py is missing: the server has nothing to look at commits with")
    secret = {f"plausch.mls.{name}" for name in SECRET_MLS}
    assert reachable(f"plausch.mls.{blind}") & secret == set()


def test_the_whole_server_reaches_no_secret_and_no_content() -> None:
    secret = {f"plausch.mls.{name}" for name in SECRET_MLS}
    seen = reachable("plausch.server.main")
    assert seen & secret == set()
    assert [name for name in seen if name.startswith(("plausch.content", "plausch.sdk"))] == []
    assert "plausch.domain.booking" not in seen


def test_the_server_really_loads_no_secret() -> None:
    """The same, measured: a fresh interpreter that has imported the server."""
    names = ["mls.group", "content.mimi", "sdk.client", "domain.booking"]
    program = (
        "import sys, plausch.server.main\n"
        f"print([n for n in {names!r} if 'plausch.' + n in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"


def test_layers_and_contracts_hold() -> None:
    """import-linter, without the folder of caches that it would leave behind."""
    answer = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout


def test_every_room_is_in_the_layers(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())
    layers = next(c for c in project["tool"]["importlinter"]["contracts"] if c["id"] == "layers")
    listed = {name.strip() for layer in layers["layers"] for name in layer.split("|")}
    rooms = {path.parent.name for path in (root / "src" / "plausch").glob("*/__init__.py")}
    assert rooms == listed
    assert layers["exhaustive"] is True


def test_the_licence_is_the_official_text(root: Path) -> None:
    assert hashlib.sha256((root / "LICENSE").read_bytes()).hexdigest() == LICENCE_SHA256
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert project["license"] == "AGPL-3.0-or-later"


def pins(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", lock.read_text(), re.MULTILINE))


def test_locks_pin_and_hash_all_that_the_project_names(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())
    run, server, dev = (pins(root / f"requirements/{one}.lock") for one in ("run", "server", "dev"))
    assert run.items() <= server.items() <= dev.items(), "the locks disagree; run: make lock"
    extras = project["project"]["optional-dependencies"]
    groups = project["dependency-groups"]
    for lock, named in [
        (run, project["project"]["dependencies"] + groups["build"]),
        (server, extras["cluster"] + extras["s3"] + extras["tracing"]),
        (dev, [one for one in groups["dev"] if isinstance(one, str)]),
        (pins(root / "requirements/s3.lock"), groups["s3-service"]),
        (pins(root / "requirements/fuzz.lock"), groups["fuzz"]),
    ]:
        wanted = {re.split(r"[<>=!~\[; ]", one, maxsplit=1)[0].lower() for one in named}
        assert wanted - set(lock) == set(), "pyproject names what the lock has not; run: make lock"


@pytest.mark.parametrize("name", ["run.lock", "server.lock", "dev.lock", "s3.lock", "fuzz.lock"])
def test_every_line_of_a_lock_is_a_pin_or_a_hash(root: Path, name: str) -> None:
    for line in (root / "requirements" / name).read_text().splitlines():
        assert re.match(
            r"[a-z0-9][a-z0-9._-]*==\S+( ; .*)? \\$|    --hash=sha256:[0-9a-f]{64}", line
        )


def test_imports_are_absolute(sources: Sequence[Path]) -> None:
    for path in sources:
        imports_of(path)
