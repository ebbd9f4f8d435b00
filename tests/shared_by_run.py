"""What all workers of a test run share: begun by the first that needs it, ended by the last,
counted in a file under a lock.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def shared(
    kind: str, run: str, begin: Callable[[Path], str], end: Callable[[Path, str], None]
) -> Iterator[tuple[Path, str]]:
    """The thing's folder, and what `begin` said of it, which is handed to `end`."""
    state = Path(tempfile.gettempdir()) / f"plausch-{kind}-{os.getuid()}-{run}"
    state.mkdir(mode=0o755, exist_ok=True)
    folder, users, place = state / "shared", state / "users", state / "place"
    with _locked(state / "lock"):
        if not users.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            place.write_text(begin(folder))
        said = place.read_text()
        users.write_text(str(_count(users) + 1))
    try:
        yield folder, said
    finally:
        with _locked(state / "lock"):
            left = _count(users) - 1
            users.write_text(str(left))
            if left == 0:
                end(folder, said)
                shutil.rmtree(state, ignore_errors=True)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process of a test run at a time."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _count(path: Path) -> int:
    return int(path.read_text()) if path.exists() else 0
