"""The Python half of saved_python.test.ts: `make` a group and save it, or `go_on` from what
TypeScript has saved. Run as a program: which of the two, the folder, the cipher suite.
"""

import sys
from pathlib import Path

from plausch.mls.group import Group
from unit.mls.group_players import NOW_S, Player, Scene

NAMES = ("anna", "bela", "cora")


def anybody(credential: object, signature_key: bytes, role: str) -> None:
    """Who is whom does not matter here."""


def store(folder: Path, name: str, group: Group) -> None:
    """Both parts into files."""
    saved = group.save()
    (folder / f"{name}.epoch").write_bytes(saved.epoch_state)
    (folder / f"{name}.ratchet").write_bytes(saved.ratchet_state)


def fetch(folder: Path, name: str) -> Group:
    """The group from its files; saved again, it is the same bytes."""
    parts = [(folder / f"{name}.{part}").read_bytes() for part in ("epoch", "ratchet")]
    group = Group.load(*parts)
    saved = group.save()
    assert [saved.epoch_state, saved.ratchet_state] == parts, "The bytes differ."
    return group


def make(folder: Path, suite_id: int) -> None:
    """Past epochs, gaps, a waiting Update, a pending Commit; a message still on its way."""
    scene = Scene.of(*NAMES, suite_id=suite_id)
    late = b""
    for name in NAMES:
        player: Player = scene[name]
        player.group.encrypt(b"lost")
        late = player.group.encrypt(b"late, from Python")
        scene.commit(player, identity=player.new_identity())
        scene.chat()
    bela = scene["bela"]
    scene.deliver(bela, bela.group.propose_update())
    pending = scene["anna"].commit()
    (folder / "late").write_bytes(late)
    (folder / "commit").write_bytes(pending.commit)
    for name in NAMES:
        store(folder, name, scene[name].group)


def go_on(folder: Path) -> None:
    """Everybody follows bela's Commit and reads what TypeScript said; then everybody speaks."""
    groups = {name: fetch(folder, name) for name in NAMES}
    raw = (folder / "commit").read_bytes()
    for name in NAMES:
        groups[name].process(raw, anybody, NOW_S).accept()
    assert len({group.epoch_authenticator for group in groups.values()}) == 1
    late = groups["anna"].process((folder / "late").read_bytes(), anybody, NOW_S).accept()
    assert late.plaintext == b"late, from TypeScript"
    for name, group in groups.items():
        said = group.encrypt(name.encode())
        for other in groups.values():
            if other is not group:
                assert other.process(said, anybody, NOW_S).accept().plaintext == name.encode()


def main() -> None:
    """One of the two steps."""
    folder = Path(sys.argv[2])
    if sys.argv[1] == "make":
        make(folder, int(sys.argv[3]))
    else:
        go_on(folder)


if __name__ == "__main__":
    main()
