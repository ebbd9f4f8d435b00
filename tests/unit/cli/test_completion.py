"""Completion scripts for three shells, and what they complete."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Plausch

PROGRAM = Path(sys.executable).with_name("plausch")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(plausch: Plausch, shell: str) -> None:
    ran = plausch("completion", shell)
    assert ran.code == 0
    assert ran.err == ""
    assert "_PLAUSCH_COMPLETE" in ran.out
    assert "%(" not in ran.out


def test_the_bash_script_is_sound(plausch: Plausch, tmp_path: Path) -> None:
    file = tmp_path / "completion"
    file.write_text(plausch("completion", "bash").out)
    assert subprocess.run(["bash", "-n", str(file)], check=False).returncode == 0


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("plausch gr", "group"),
        ("plausch group re", "remove"),
        ("plausch send --jso", "--json"),
        ("plausch completion z", "zsh"),
    ],
)
def test_words_are_completed(words: str, wanted: str) -> None:
    count = len(words.split()) - 1
    answer = subprocess.run(
        [str(PROGRAM)],
        env={
            **os.environ,
            "_PLAUSCH_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(count),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"plain,{wanted}" in answer.stdout.splitlines()
    assert answer.stderr == ""
