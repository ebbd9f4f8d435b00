"""What no tracked file may say: registry hosts, paths of one machine, promises without a number."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

# Spelled in pieces, so that this file does not find itself.
HOSTS = re.compile(
    "|".join(
        re.escape(first + "." + rest)
        for first, rest in [
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("registry.npmjs", "org"),
            ("docker", "io"),
            ("gh" + "cr", "io"),
            ("quay", "io"),
            ("proxy.golang", "org"),
            ("crates", "io"),
        ]
    )
)
MACHINE_PATHS = re.compile(r"(?<![\w.$}~])/(?:work|home/\w|root|Users)/|/tmp/(?:probe|plan)\b")
PROMISE = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b(?!\(#\d+\)| #\d+)")
THIS_FILE = Path(__file__).resolve()


def lines(tracked: Sequence[Path], *, only: str = "") -> Iterator[tuple[str, int, str]]:
    for path in tracked:
        if path == THIS_FILE or (only and path.suffix != only):
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            yield str(path), number, line


def test_no_file_names_a_registry(tracked: Sequence[Path]) -> None:
    found = [
        f"{path}:{number}: {line}" for path, number, line in lines(tracked) if HOSTS.search(line)
    ]
    assert found == []


def test_no_file_names_a_path_of_one_machine(tracked: Sequence[Path]) -> None:
    found = [
        f"{path}:{number}: {line}"
        for path, number, line in lines(tracked)
        if MACHINE_PATHS.search(line)
    ]
    assert found == []


def test_no_promise_without_an_issue(tracked: Sequence[Path]) -> None:
    found = [
        f"{path}:{number}: {line}"
        for path, number, line in lines(tracked)
        if PROMISE.search(line) and not path.endswith(("STYLE.md", ".lock", "LICENSE"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("pattern", "line", "found"),
    [
        (MACHINE_PATHS, "/work/" + "main", True),
        (MACHINE_PATHS, "src/" + "work/x", False),
        (MACHINE_PATHS, "$HOME/work/x", False),
        (PROMISE, "# TODO" + ": later", True),
        (PROMISE, "# TODO" + "(#12): later", False),
        (HOSTS, "https://files.python" + "hosted.org/x", True),
    ],
)
def test_the_patterns_find_what_they_should(
    pattern: re.Pattern[str], line: str, found: bool
) -> None:
    assert bool(pattern.search(line)) is found


def test_text_files_end_with_one_newline_and_have_no_tabs_of_windows(
    tracked: Sequence[Path],
) -> None:
    found = []
    for path in tracked:
        raw = path.read_bytes()
        if path.suffix in {".py", ".md", ".toml", ".lock", ".json"} and raw:
            if not raw.endswith(b"\n") or raw.endswith(b"\n\n"):
                found.append(f"{path} does not end with one newline")
            if b"\r" in raw:
                found.append(f"{path} has carriage returns")
    assert found == []
