"""Every named check of this half of the room is failed by a test and listed in spec/mls.md."""

import ast
import re
from pathlib import Path

import pytest

import plausch.mls

SOURCE = Path(plausch.mls.__file__).parent
TESTS = Path(__file__).parent
SPEC = Path(__file__).parents[3] / "spec" / "mls.md"
OTHER_ROOMS = {"leaf_validation", "key_package", "tree_validation", "tree_kem", "update_path"}
NAME = re.compile(r"[a-z]+(-[a-z]+)*")


def checks_of(path: Path) -> set[str]:
    """Names given to `require` and `ValidationError`, literally."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
            "require",
            "ValidationError",
        ):
            for item in node.args:
                if isinstance(item, ast.Constant) and NAME.fullmatch(str(item.value)):
                    found.add(str(item.value))
    return found


def constants_of(path: Path) -> set[str]:
    return {
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


CHECKS = sorted(
    set().union(*(checks_of(path) for path in SOURCE.glob("*.py") if path.stem not in OTHER_ROOMS))
)


def test_there_are_checks() -> None:
    assert len(CHECKS) >= 60


@pytest.mark.parametrize("check", CHECKS)
def test_it_is_failed_by_a_test(check: str) -> None:
    tried = set().union(
        *(constants_of(path) for path in TESTS.glob("test_*.py") if path != Path(__file__))
    )
    assert check in tried


@pytest.mark.parametrize("check", CHECKS)
def test_it_is_in_the_specification(check: str) -> None:
    assert f"`{check}`" in SPEC.read_text(encoding="utf-8")
