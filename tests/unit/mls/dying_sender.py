"""A device that saves, sends, and is killed: run as a program with the folder of its state.

Each line of its output is one message that has left the device.
"""

import os
import sys
from pathlib import Path

from plausch.mls.group import Group
from plausch.mls.saved import SavedGroup


def load(folder: Path) -> Group:
    """The group as it was last saved completely."""
    return Group.load((folder / "epoch").read_bytes(), (folder / "ratchet").read_bytes())


def store(folder: Path, saved: SavedGroup) -> None:
    """Only the ratchet changes here; written beside and renamed, so that it is whole."""
    fresh = folder / "ratchet.new"
    fresh.write_bytes(saved.ratchet_state)
    fresh.replace(folder / "ratchet")


def main() -> None:
    """Say something, save, send; for ever."""
    folder = Path(sys.argv[1])
    group = load(folder)
    while True:
        raw = group.encrypt(os.urandom(20))
        store(folder, group.save())
        sys.stdout.write(raw.hex() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
