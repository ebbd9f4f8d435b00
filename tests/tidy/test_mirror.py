"""Every module of the product has its unit test, in the same place."""

import ast
from collections.abc import Sequence
from pathlib import Path


def has_code(path: Path) -> bool:
    """Whether there is more than a docstring, imports and `__all__`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in ast.walk(tree))


def test_every_module_has_its_test(root: Path, sources: Sequence[Path]) -> None:
    missing = []
    for path in sources:
        place = path.relative_to(root / "src" / "plausch")
        if path.name in ("__init__.py", "__main__.py") and not has_code(path):
            continue
        test = root / "tests" / "unit" / place.parent / f"test_{place.name}"
        if not test.is_file():
            missing.append(f"{place} has no {test.relative_to(root)}")
    assert missing == []


def test_every_unit_test_has_its_module(root: Path) -> None:
    orphans = []
    for path in sorted((root / "tests" / "unit").rglob("test_*.py")):
        place = path.relative_to(root / "tests" / "unit")
        module = root / "src" / "plausch" / place.parent / place.name.removeprefix("test_")
        package = module.with_suffix("") / "__init__.py"
        if not module.is_file() and not package.is_file() and not is_chapter(module):
            orphans.append(str(path.relative_to(root)))
    assert orphans == []


def is_chapter(module: Path) -> bool:
    """A module's test may be split into chapters: test_group_attacks.py belongs to group.py."""
    words = module.stem.split("_")
    return any(
        module.with_name("_".join(words[:count]) + ".py").is_file()
        for count in range(1, len(words))
    )


def test_every_package_says_what_it_is(sources: Sequence[Path]) -> None:
    silent = [
        str(path)
        for path in sources
        if path.name == "__init__.py" and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []
