"""Every named check of leaves, key packages, trees and paths is failed by some test."""

import ast
import re
from pathlib import Path

import pytest

import plausch.mls

SOURCE = Path(plausch.mls.__file__).parent
TESTS = Path(__file__).parent
ROOMS = ("leaf_validation", "key_package", "tree_validation", "tree_kem", "update_path")
NAME = re.compile(r"(leaf|key-package|tree|path)-[a-z-]+")


def names_in(source: str) -> set[str]:
    """The string constants of a module that are names of checks."""
    return {
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and NAME.fullmatch(node.value)
    }


CHECKS = sorted(set().union(*(names_in((SOURCE / f"{room}.py").read_text()) for room in ROOMS)))


def test_there_are_checks() -> None:
    assert len(CHECKS) >= 28


@pytest.mark.parametrize("check", CHECKS)
def test_a_test_fails_it(check: str) -> None:
    failed = set().union(
        *(names_in(path.read_text()) for path in TESTS.glob("test_*.py") if path != Path(__file__))
    )
    assert check in failed


@pytest.mark.parametrize("check", CHECKS)
def test_its_module_explains_it(check: str) -> None:
    """The name stands in a docstring, so that a reader of the report finds the rule."""
    texts = [(SOURCE / f"{room}.py").read_text() for room in ROOMS]
    assert any(f"`{check}`" in text for text in texts)
