"""Names say what a thing is: no Manager, Helper, Util, Handler, data, info."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

BANNED_WORDS = {"manager", "managers", "helper", "helpers", "util", "utils", "handler", "handlers"}
BANNED_WHOLE = {"data", "info"}
# Names that others gave: RFC 9180 / RFC 5869 call an argument `info`; RFC 9420 has a GroupInfo.
OTHERS_WORDS = {"group_info", "GroupInfo"}
OTHERS_PLACES = {
    ("src/plausch/mls/suite.py", "info"): "RFC 5869 and RFC 9180 call the argument so",
    ("src/plausch/mls/kem.py", "info"): "RFC 9180 calls the argument so",
    ("src/plausch/server/edge.py", "info"): "a logger has this method",
    ("tests/wire_device.py", "info"): "a logger has this method",
    ("tests/simulation/virtual_loop.py", "call_exception_handler"): "an event loop has this method",
}


def words(name: str) -> set[str]:
    """`SessionManager` and `session_manager` -> {"session", "manager"}."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return {word for word in spaced.lower().split("_") if word}


def is_banned(name: str) -> bool:
    """Whether the house refuses this name."""
    return name.lower() in BANNED_WHOLE or bool(words(name) & BANNED_WORDS)


def names_given(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Each name that the code itself gives: classes, functions, parameters, variables, fields."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname, 0


def test_no_name_is_banned(programs: Sequence[Path], root: Path) -> None:
    found = [
        f"{path.relative_to(root)}:{line}: {name}"
        for path in programs
        for name, line in names_given(ast.parse(path.read_text(encoding="utf-8")))
        if is_banned(name)
        and name not in OTHERS_WORDS
        and (str(path.relative_to(root)), name) not in OTHERS_PLACES
    ]
    assert found == []


def test_no_module_or_folder_is_banned(programs: Sequence[Path], root: Path) -> None:
    found = [
        str(path.relative_to(root))
        for path in programs
        if any(is_banned(Path(part).stem) for part in path.relative_to(root).parts)
    ]
    assert found == []


def test_the_words_of_a_name_are_found() -> None:
    assert is_banned("SessionManager")
    assert is_banned("string_utils")
    assert is_banned("data")
    assert not is_banned("database")
    assert not is_banned("GroupInfo")
    assert not is_banned("metadata")
    tree = ast.parse("class A:\n    def f(self, info):\n        self.data = info\n")
    assert {name for name, _ in names_given(tree) if is_banned(name)} == {"info", "data"}


UNITS_FIRST = re.compile(r"^(ms|seconds|sec|bytes|minutes|hours|days)_")


def test_units_come_last(programs: Sequence[Path], root: Path) -> None:
    """`timeout_ms`, never `ms_timeout`; checked for parameters and fields."""
    found = [
        f"{path.relative_to(root)}:{line}: {name}"
        for path in programs
        if "src" in path.parts
        for name, line in parameters(ast.parse(path.read_text(encoding="utf-8")))
        if UNITS_FIRST.match(name)
    ]
    assert found == []


def parameters(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Parameters and annotated fields."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node.lineno


DURATIONS = {"MINUTE_MS", "HOUR_MS", "DAY_MS"}


def test_a_minute_an_hour_and_a_day_are_named_in_one_place(
    programs: Sequence[Path], root: Path
) -> None:
    places = {
        (path.relative_to(root).as_posix(), name)
        for path in programs
        for name, _ in names_given(ast.parse(path.read_text(encoding="utf-8")))
        if name in DURATIONS
    }
    assert places == {("src/plausch/base/durations.py", name) for name in DURATIONS}
