"""What the MLS core costs: medians in milliseconds and sizes in bytes.

    python bench/mls.py [--suites xwing,1] [--sizes 2,32,256,1000] [--rounds 15]

"Warm" means that the committer's copath is filled by earlier commits, as in a group that is in
use. The named peer is mls-rs (its Python wheel `mls_rs_uniffi`, suite 1) in the same run.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from plausch.mls.credential import PLAUSCH, Credential
from plausch.mls.group import Group, join
from plausch.mls.joiner import KeyPackageBundle
from plausch.mls.staged import StagedMessage
from plausch.mls.suite import MLS_128_X25519_AES128, MLS_256_XWING, suite

NOW_S = 1_800_000_000
CREDENTIAL_BYTES = 250
"""About the size of a device certificate."""

TARGETS_MS = (
    ("encrypt", 256, 0.3),
    ("decrypt", 256, 0.3),
    ("commit", 256, 10.0),
    ("join", 1_000, 400.0),
)
"""What we claim for X-Wing: step, group size, median."""


def anyone(credential: Credential, signature_key: bytes, role: str) -> None:
    """The bench measures MLS, not certificates."""


def median_ms(step: Callable[[], object], rounds: int) -> float:
    """Median wall time of `step`."""
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        step()
        times.append((time.perf_counter() - begin) * 1_000)
    return statistics.median(times)


@dataclass
class Cast:
    """A warm group: its creator, one follower, and a bundle nobody has used."""

    creator: Group
    follower: Group
    welcome: bytes
    newest: KeyPackageBundle
    suite_id: int


def device(suite_id: int) -> tuple[Credential, bytes]:
    """A credential of a usual size and a signature key."""
    private, _ = suite(suite_id).signature_generate()
    return Credential(PLAUSCH, private[:16] * (CREDENTIAL_BYTES // 16)), private


def bundle(suite_id: int) -> KeyPackageBundle:
    """A fresh key package."""
    return KeyPackageBundle.create(suite_id, *device(suite_id), NOW_S, 86_400)


def assemble(suite_id: int, size: int) -> Cast:
    """A group of `size`, its creator's copath filled by one member of each subtree."""
    creator = Group.create(suite_id, b"bench-group-0001", *device(suite_id), anyone, now_s=NOW_S)
    bundles = [bundle(suite_id) for _ in range(size - 1)]
    pending = creator.commit(anyone, NOW_S, adds=[item.message for item in bundles])
    welcome = pending.welcome
    pending.accept()
    places = [1 << height for height in range(size.bit_length()) if 1 << height < size]
    warmers = [join(welcome, bundles[place - 1], anyone, NOW_S).accept() for place in places]
    everybody = [creator, *warmers]
    for warmer in warmers:
        made = warmer.commit(anyone, NOW_S)
        for other in everybody:
            if other is not warmer:
                other.process(made.commit, anyone, NOW_S).accept()
        made.accept()
    newest = bundle(suite_id)
    pending = creator.commit(anyone, NOW_S, adds=[newest.message])
    welcome = pending.welcome
    for other in warmers:
        other.process(pending.commit, anyone, NOW_S).accept()
    pending.accept()
    return Cast(creator, warmers[-1], welcome, newest, suite_id)


def measure(cast: Cast, rounds: int) -> dict[str, float]:
    """All figures of one group."""
    row: dict[str, float] = {}
    creator, follower = cast.creator, cast.follower
    row["key_package"] = median_ms(lambda: bundle(cast.suite_id), rounds)
    row["join"] = median_ms(lambda: join(cast.welcome, cast.newest, anyone, NOW_S), min(rounds, 5))
    row["welcome_bytes"] = len(cast.welcome)
    extra = bundle(cast.suite_id).message

    def add() -> None:
        creator.commit(anyone, NOW_S, adds=[extra]).drop()

    row["add"] = median_ms(add, rounds)
    commits: list[float] = []
    processes: list[float] = []
    saves: list[float] = []
    for _ in range(rounds):
        begin = time.perf_counter()
        pending = creator.commit(anyone, NOW_S)
        made = time.perf_counter()
        staged = follower.process(pending.commit, anyone, NOW_S)
        seen = time.perf_counter()
        staged.accept()
        pending.accept()
        before_save = time.perf_counter()
        creator.save()
        saves.append(time.perf_counter() - before_save)
        commits.append(made - begin)
        processes.append(seen - made)
        row["commit_bytes"] = len(pending.commit)
        row["group_info_bytes"] = len(pending.group_info)
    row["commit"] = statistics.median(commits) * 1_000
    row["process"] = statistics.median(processes) * 1_000
    row["save_epoch"] = statistics.median(saves) * 1_000
    row.update(measure_messages(creator, follower, 20 * rounds))
    return row


def measure_messages(creator: Group, follower: Group, rounds: int) -> dict[str, float]:
    """200-byte application messages, and the save that must follow each."""
    plaintext = b"x" * 200
    raws: list[bytes] = []
    encrypt = median_ms(lambda: raws.append(creator.encrypt(plaintext)), rounds)
    save = median_ms(creator.save, rounds)
    arriving = iter(raws)

    def decrypt() -> None:
        staged = follower.process(next(arriving), anyone, NOW_S)
        assert isinstance(staged, StagedMessage)
        staged.accept()

    decrypted = median_ms(decrypt, rounds)
    return {
        "encrypt": encrypt,
        "decrypt": decrypted,
        "save_message": save,
        "message_bytes": len(raws[0]),
    }


def measure_peer(rounds: int) -> dict[str, float] | None:
    """mls-rs: encrypt and decrypt of 200 bytes; None when its wheel is not installed."""
    try:
        import mls_rs_uniffi as peer  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return None
    clients = []
    for name in (b"one", b"two"):
        key = peer.generate_signature_keypair(peer.CipherSuite.CURVE25519_AES128)
        clients.append(peer.Client(name, key, peer.client_config_default()))
    one = clients[0].create_group(None)
    package = clients[1].generate_key_package_message()
    out = one.add_members([package])
    one.process_incoming_message(out.commit_message)
    two: Any = clients[1].join_group(None, out.welcome_message).group
    plaintext = b"x" * 200
    messages: list[Any] = []
    encrypt = median_ms(lambda: messages.append(one.encrypt_application_message(plaintext)), rounds)
    arriving = iter(messages)
    decrypt = median_ms(lambda: two.process_incoming_message(next(arriving)), rounds)
    return {"encrypt": encrypt, "decrypt": decrypt}


COLUMNS = (
    "key_package",
    "add",
    "commit",
    "process",
    "join",
    "encrypt",
    "decrypt",
    "save_message",
    "save_epoch",
    "message_bytes",
    "commit_bytes",
    "welcome_bytes",
    "group_info_bytes",
)


def main() -> None:
    """Print one line for each suite and size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suites", default="xwing,1")
    parser.add_argument("--sizes", default="2,32,256,1000")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    print("suite   size " + " ".join(f"{name:>12}" for name in COLUMNS))
    own: dict[str, float] = {}
    rows: dict[int, dict[str, float]] = {}
    for name in options.suites.split(","):
        suite_id = MLS_256_XWING if name == "xwing" else MLS_128_X25519_AES128
        for size in [int(text) for text in options.sizes.split(",")]:
            row = measure(assemble(suite_id, size), options.rounds)
            cells = " ".join(
                f"{row[column]:12.0f}" if column.endswith("bytes") else f"{row[column]:12.3f}"
                for column in COLUMNS
            )
            print(f"{name:<7} {size:>4} {cells}", flush=True)
            if name == "1":
                own = row
            else:
                rows[size] = row
    for step, size, target_ms in TARGETS_MS:
        if size in rows:
            taken_ms = rows[size][step]
            verdict = "met" if taken_ms < target_ms else "MISSED"
            print(f"{step}, X-Wing, {size} members: {taken_ms:.3f} ms < {target_ms}: {verdict}")
    peer = measure_peer(20 * options.rounds)
    if peer is not None and own:
        for step in ("encrypt", "decrypt"):
            print(
                f"peer mls-rs, suite 1, {step}: {peer[step]:.3f} ms; "
                f"ours takes {own[step] / peer[step]:.2f} of that"
            )


if __name__ == "__main__":
    main()
