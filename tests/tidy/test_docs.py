"""The documents are true: links lead somewhere, words are explained, lists equal the code."""

import ast
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from plausch.cli.main import COMMANDS

from .class_index import HEADING, class_index, public_classes

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
QUOTED_PATH = re.compile(
    r"`((?:src|tests|bench|spec|docs|packaging|requirements|\.ci)/[\w./*-]+|Makefile)`"
)
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "GLOSSARY.md", "STYLE.md", "CHANGELOG.md", "LICENSE")


def heading_anchors(text: str) -> set[str]:
    """The anchors that a heading gets: lower case, words joined by hyphens."""
    found = set()
    for line in text.splitlines():
        if line.startswith("#"):
            words = re.sub(r"[^\w\s-]", "", line.lstrip("#").strip().lower())
            found.add(re.sub(r"\s", "-", words))
    return found


def documents(tracked: Sequence[Path]) -> list[Path]:
    return [path for path in tracked if path.suffix == ".md"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_promised_documents_are_there(root: Path, name: str) -> None:
    assert (root / name).stat().st_size > 500


def test_every_link_leads_somewhere(tracked: Sequence[Path], root: Path) -> None:
    broken = []
    for path in documents(tracked):
        for target in LINK.findall(path.read_text(encoding="utf-8")):
            if "://" in target or target.startswith("mailto:"):
                continue
            name, _, anchor = target.partition("#")
            file = (path.parent / name) if name else path
            if not file.exists() or (
                anchor and anchor not in heading_anchors(file.read_text(encoding="utf-8"))
            ):
                broken.append(f"{path.relative_to(root)}: {target}")
    assert broken == []


def test_every_path_that_a_document_names_exists(tracked: Sequence[Path], root: Path) -> None:
    broken = []
    for path in documents(tracked):
        for name in QUOTED_PATH.findall(path.read_text(encoding="utf-8")):
            if not list(root.glob(name.rstrip("/"))):
                broken.append(f"{path.relative_to(root)}: {name}")
    assert broken == []


def test_the_glossarys_second_part_is_what_the_classes_say(root: Path) -> None:
    text = (root / "GLOSSARY.md").read_text(encoding="utf-8")
    said = text[text.index(HEADING) :]
    assert said.splitlines() == class_index().splitlines(), "write it anew with: make format"


def test_every_public_class_says_what_it_is(root: Path) -> None:
    silent = [
        f"{file}: {name}"
        for name, file, docstring in public_classes(root / "src" / "plausch")
        if not docstring
    ]
    assert silent == []


def test_every_promise_in_the_threats_is_attacked(root: Path) -> None:
    """spec/threats.md names a test for each promise, as `file::function`; each must be there."""
    text = (root / "spec" / "threats.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    promises = [row for row in rows if not re.match(r"\| (promise|---)|\|---", row)]
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    assert len(named) == len(promises) >= 30
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (root / file).is_file() or not defines(root / file, name)
    ]
    assert missing == []


def test_every_room_is_in_the_architecture(root: Path) -> None:
    text = (root / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for room in sorted((root / "src" / "plausch").glob("*/__init__.py")):
        assert f"`{room.parent.name}/`" in text, room.parent.name


def test_the_changelog_lists_every_command(root: Path) -> None:
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    listed = text.partition("- **Command line**: ")[2].partition("; ")[0]
    assert re.findall(r"`([\w-]+)`", listed) == list(COMMANDS)


def test_every_decision_has_its_number_once(root: Path) -> None:
    files = sorted((root / "docs" / "decisions").glob("*.md"))
    numbers = [path.name[:4] for path in files]
    assert numbers == [f"{number:04d}" for number in range(1, len(files) + 1)]
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert re.match(r"# \d{4} \S", text), path.name
        for part in ("Decision", "Why"):
            assert re.search(rf"^## {part}", text, re.MULTILINE), f"{path.name}: {part}"


def test_functions_that_the_journey_names_exist(root: Path, sources: Sequence[Path]) -> None:
    """ARCHITECTURE.md follows a message through `module.function`: each must be there."""
    text = (root / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = re.findall(r"`([a-z_/]+\.py):(\w+(?:\.\w+)*)`", text)
    assert len(named) >= 15
    missing = []
    for file, name in named:
        path = root / "src" / "plausch" / file
        if not path.is_file() or not defines(path, name):
            missing.append(f"{file}:{name}")
    assert missing == []


def defines(path: Path, dotted: str) -> bool:
    """Whether a file defines `function` or `Class.method`."""
    body: list[ast.stmt] = ast.parse(path.read_text(encoding="utf-8")).body
    for word in dotted.split("."):
        found = next(
            (
                node
                for node in body
                if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
                and node.name == word
            ),
            None,
        )
        if found is None:
            return False
        body = found.body
    return True
