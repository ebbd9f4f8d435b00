"""The command line, called in this process, and how its two streams are read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from plausch.cli.main import call


@dataclass(frozen=True)
class Ran:
    """What a command line did."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line on standard error; fails when there is a trace or more than one line."""
        assert "Traceback" not in self.err
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


Plausch = Callable[..., Ran]


@pytest.fixture
def plausch(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Plausch]:
    """`plausch("send", "anna", "hi")` as a person would call it, with an empty environment."""
    for name in ("PLAUSCH_HOME", "PLAUSCH_LANGUAGE", "PLAUSCH_PASSPHRASE_FILE", "LC_ALL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")

    def run(*arguments: object) -> Ran:
        capfd.readouterr()
        code = call([str(one) for one in arguments])
        streams = capfd.readouterr()
        return Ran(code, streams.out, streams.err)

    yield run
