"""Functions up to 70 lines, files up to 500, lines up to 100; more test than source."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

FUNCTION_LINES = 70
FILE_LINES = 500
TEST_RATIO = 1.3


def line_count(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def long_functions(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Name and length of each function over the limit, decorators not counted."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            lines = node.end_lineno - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield node.name, lines


def test_no_function_is_longer_than_seventy_lines(programs: Sequence[Path], root: Path) -> None:
    found = [
        f"{path.relative_to(root)}: {name} has {lines} lines"
        for path in programs
        for name, lines in long_functions(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


def test_no_file_is_longer_than_five_hundred_lines(programs: Sequence[Path], root: Path) -> None:
    found = [
        f"{path.relative_to(root)} has {line_count(path)} lines"
        for path in programs
        if line_count(path) > FILE_LINES
    ]
    assert found == []


def test_the_limit_on_functions_is_really_measured() -> None:
    body = "\n".join("    pass" for _ in range(FUNCTION_LINES))
    assert list(long_functions(ast.parse(f"def f():\n{body}"))) == [("f", FUNCTION_LINES + 1)]
    assert list(long_functions(ast.parse(f"def f():\n{body[9:]}"))) == []


def test_there_is_more_test_than_source(root: Path, sources: Sequence[Path]) -> None:
    tests = [path for path in (root / "tests").rglob("*.py") if "node_modules" not in path.parts]
    source_lines = sum(map(line_count, sources))
    test_lines = sum(map(line_count, tests))
    assert test_lines >= TEST_RATIO * source_lines, (
        f"{test_lines} lines of test for {source_lines} lines of source: "
        f"{test_lines / source_lines:.2f}, wanted {TEST_RATIO}"
    )
