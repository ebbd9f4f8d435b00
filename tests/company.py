"""Real processes for the scenes: a server, and the command line as people and scripts call it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PLAUSCH = [sys.executable, "-m", "plausch.cli"]
PATIENCE_S = 120


def clean_environment(**changes: str) -> dict[str, str]:
    """The environment without what would change the command line's answers."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PLAUSCH_", "LC_")) and name != "LANGUAGE"
    }
    return {**kept, "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1", **changes}


@dataclass(frozen=True)
class Ran:
    """What a command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on standard output."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """One JSON value a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def sentence(self) -> str:
        """The one line on standard error."""
        assert "Traceback" not in self.err, self.err
        (line,) = self.err.splitlines()
        return line


def plausch(
    *arguments: object, typed: str | None = None, environment: Mapping[str, str] | None = None
) -> Ran:
    """Run one command line to its end."""
    done = subprocess.run(
        [*PLAUSCH, *map(str, arguments)],
        input=typed,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=dict(environment or clean_environment()),
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


def did(*arguments: object, typed: str | None = None) -> Ran:
    """Run one command line that must succeed."""
    ran = plausch(*arguments, typed=typed)
    assert ran.code == 0, f"{arguments}: {ran.code} {ran.out} {ran.err}"
    return ran


@contextmanager
def process(
    *arguments: object, log: Path, program: Sequence[str] = PLAUSCH
) -> Iterator[subprocess.Popen[str]]:
    """A command line that goes on while the block runs; standard error goes to `log`."""
    with log.open("a") as errors:
        running = subprocess.Popen(
            [*program, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=clean_environment(),
        )
    try:
        yield running
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
        assert running.stdout is not None
        running.stdout.close()


def line_of(running: subprocess.Popen[str], start: str) -> str:
    """Wait for the output line that begins so."""
    assert running.stdout is not None
    for line in running.stdout:
        if line.startswith(start):
            return line.rstrip("\n")
    raise AssertionError(f"{running.args} ended with {running.wait()} and never said {start!r}")


@contextmanager
def server(data_folder: Path, *options: object) -> Iterator[str]:
    """A server on a free port; yields its URL."""
    log = data_folder.with_name(data_folder.name + ".log")
    with process("serve", "--data", data_folder, "--port", 0, *options, log=log) as running:
        yield line_of(running, "ready ").removeprefix("ready ")
