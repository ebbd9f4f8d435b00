"""Errors become one sentence and an exit code; there is never a trace."""

import errno
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import click
import pytest

from plausch.base.errors import OperatorError
from plausch.base.ids import NameRefused
from plausch.cli import main
from plausch.cli.main import COMMANDS, outcome
from plausch.cli.main import plausch as root

from .conftest import Plausch


def test_help_lists_every_command_in_order(plausch: Plausch) -> None:
    ran = plausch("--help")
    assert ran.code == 0
    places = [ran.out.index(f"\n  {name} ") for name in COMMANDS]
    assert places == sorted(places)


def test_what_operators_need_stands_behind_what_people_need() -> None:
    from_demo = list(COMMANDS)[list(COMMANDS).index("demo") + 1 :]
    assert {"serve", "invite", "accounts", "maintenance", "reports", "operator"} <= set(from_demo)
    assert {"backup", "restore", "migrate", "migrate-store"} <= set(from_demo)
    assert not {"register", "send", "listen", "report", "agent"} & set(from_demo)


def every_command() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    context = click.Context(root)
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        assert command is not None
        found.append((name,))
        if isinstance(command, click.Group):
            found += [(name, inner) for inner in command.commands]
    return found


@pytest.mark.parametrize("path", every_command(), ids=" ".join)
def test_every_command_helps_with_an_example(plausch: Plausch, path: tuple[str, ...]) -> None:
    ran = plausch(*path, "--help")
    assert ran.code == 0
    assert ran.err == ""
    assert "Usage: plausch " + " ".join(path) in ran.out
    command: click.Command | None = root.get_command(click.Context(root), path[0])
    if not (isinstance(command, click.Group) and len(path) == 1):
        assert "Example" in ran.out
        assert not re.search(r"Umzug|Tisch|[äöüß]", ran.out)  # help is English, examples too


@pytest.mark.parametrize("path", every_command(), ids=" ".join)
def test_every_command_refuses_an_unknown_option(plausch: Plausch, path: tuple[str, ...]) -> None:
    ran = plausch(*path, "--no-such-option")
    assert ran.code == 2
    assert "No such option" in ran.sentence
    assert "--help" in ran.sentence


def test_every_option_says_what_it_is() -> None:
    for path in every_command():
        command: click.Command | None = root.get_command(click.Context(root), path[0])
        for name in path[1:]:
            assert isinstance(command, click.Group)
            command = command.commands[name]
        assert command is not None
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{' '.join(path)} {parameter.opts}"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("sned",), "No such command 'sned'"),
        (("send",), "Missing argument 'ADDRESS'"),
        (("send", "anna"), "give a TEXT, or a file with --file"),
        (("--language", "fr", "send"), "'fr' is not one of 'en', 'de'"),
        (("listen", "--count", "0"), "0 is not in the range x>=1"),
        (("listen", "--count", "two"), "'two' is not a valid integer"),
        (("listen", "--timeout", "0"), "0.0 is not in the range x>0"),
        (("register", "anna"), "Missing option '--server'"),
        (("group", "create", "Title"), "Missing argument 'ADDRESSES...'"),
        (("completion", "tcsh"), "'tcsh' is not one of 'bash', 'zsh', 'fish'"),
    ],
)
def test_a_wrong_call_gives_one_sentence(
    plausch: Plausch, arguments: tuple[str, ...], sentence: str
) -> None:
    ran = plausch(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert sentence in ran.sentence
    assert ran.sentence.startswith("plausch: ")


def test_a_name_outside_the_grammar_is_a_wrong_call(plausch: Plausch, tmp_path: Path) -> None:
    ran = plausch("register", "Anna!", "--server", "http://127.0.0.1:1", "--home", tmp_path / "h")
    assert ran.code == 2
    assert "'Anna!' is not a name" in ran.sentence
    assert not (tmp_path / "h").exists()


class Refused(OperatorError):
    code = "refused"


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (Refused("The disk is full; make room."), 1, "plausch: The disk is full; make room."),
        (NameRefused("'x y' is not a name."), 2, "'x y' is not a name."),
        (KeyboardInterrupt(), 130, "plausch: Interrupted."),
        (click.Abort(), 130, "plausch: Interrupted."),
        (click.UsageError("The text is empty; say something."), 2, "say something. See: plausch"),
        (click.ClickException("It failed."), 1, "plausch: It failed."),
        (OSError(errno.ENOSPC, "No space left on device", "/srv/x"), 1, "(/srv/x): make room"),
        (
            PermissionError(errno.EACCES, "Permission denied", "v"),
            1,
            "check the owner and the mode",
        ),
        (OSError(errno.EROFS, "Read-only file system", "v"), 1, "mounted read-only"),
        (FileNotFoundError(errno.ENOENT, "No such file", "v"), 1, "check the path"),
        (OSError("odd"), 1, "check this machine"),
        (sqlite3.OperationalError("database is locked"), 1, "run: plausch doctor"),
        (RuntimeError("impossible"), 70, "fault of Plausch itself (RuntimeError: impossible)"),
    ],
)
def test_each_error_has_its_code_and_sentence(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    sentence: str,
) -> None:
    monkeypatch.delenv("PLAUSCH_DEBUG", raising=False)
    monkeypatch.setenv("PLAUSCH_LANGUAGE", "en")
    assert outcome(error) == code
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert "Traceback" not in said


def test_whoever_asks_is_shown_the_trace(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAUSCH_DEBUG", "1")
    assert outcome(RuntimeError("impossible")) == main.SOFTWARE
    assert "RuntimeError: impossible" in capsys.readouterr().err


def test_an_error_text_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    outcome(Refused("\x1b[2J cleared"))
    assert "\x1b" not in capsys.readouterr().err


def test_exit_passes_its_code_on() -> None:
    assert outcome(click.exceptions.Exit(7)) == 7


def test_an_interruption_is_said_in_german(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAUSCH_LANGUAGE", "de")
    outcome(KeyboardInterrupt())
    assert capsys.readouterr().err == "plausch: Unterbrochen.\n"


def test_a_reader_that_went_away_is_no_trace() -> None:
    """`plausch --help | head -0`: the pipe is closed before anything is written."""
    program = Path(sys.executable).with_name("plausch")
    answer = subprocess.run(
        ["bash", "-c", f"{program} --help | true; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stderr == ""
    assert answer.returncode in (0, 1)


@pytest.mark.parametrize(
    ("closing", "code", "said"),
    [
        (">&-", 1, "Bad file descriptor"),
        ("<&-", 0, ""),
        ("2>&-", 0, ""),
        ("<&- >&- 2>&-", 1, ""),
    ],
)
def test_a_closed_stream_is_no_fault_of_ours(closing: str, code: int, said: str) -> None:
    ran = subprocess.run(
        ["/bin/sh", "-c", f'"$0" -m plausch.cli completion bash {closing}', sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == code
    assert "Traceback" not in ran.stderr
    assert said in ran.stderr
    assert "fault of Plausch" not in ran.stderr
    assert len(ran.stderr.splitlines()) <= 1


def test_a_closed_input_is_one_sentence(tmp_path: Path) -> None:
    command = f'"$0" -m plausch.cli send cem - --home {tmp_path} <&-'
    ran = subprocess.run(
        ["/bin/sh", "-c", command, sys.executable], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
    assert "Traceback" not in ran.stderr
    assert "fault of Plausch" not in ran.stderr


def test_the_program_tells_its_version() -> None:
    program = Path(sys.executable).with_name("plausch")
    answer = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=True)
    assert answer.stdout.startswith("plausch, version ")
    module = [sys.executable, "-m", "plausch.cli", "--version"]
    again = subprocess.run(module, capture_output=True, text=True, check=True)
    assert again.stdout == answer.stdout


def test_help_is_quick_because_nothing_is_imported_for_it() -> None:
    program = (
        "import sys; from plausch.cli.main import call; call(['--help']);"
        "sys.stderr.write(str([n for n in sys.modules if n.startswith('plausch.')]))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    for heavy in ("plausch.sdk", "plausch.server", "plausch.agent", "plausch.mls"):
        assert heavy not in answer.stderr
