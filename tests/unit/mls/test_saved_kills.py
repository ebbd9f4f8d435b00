"""Killed with SIGKILL between any two instructions, a device never uses a generation twice."""

import random
import subprocess
import sys
from pathlib import Path

from unit.mls.group_players import Scene

KILLS = 12


def run_and_kill(folder: Path, lines: int) -> list[bytes]:
    """What leaves the device until it is killed, soon after its `lines`-th message."""
    program = [sys.executable, str(Path(__file__).with_name("dying_sender.py")), str(folder)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        sent = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        sent.extend(process.stdout.readlines())
    return [bytes.fromhex(line) for line in sent if line.endswith("\n")]


def test_no_generation_is_used_twice(tmp_path: Path) -> None:
    dice = random.Random(9420)
    scene = Scene.of("anna", "bela")
    saved = scene["anna"].group.save()
    (tmp_path / "epoch").write_bytes(saved.epoch_state)
    (tmp_path / "ratchet").write_bytes(saved.ratchet_state)
    received = 0
    for _ in range(KILLS):
        for raw in run_and_kill(tmp_path, dice.randint(1, 25)):
            assert len(scene["bela"].read(raw).plaintext) == 20
            received += 1
    assert received >= KILLS
    newest = scene["bela"].group.state.messages._ratchets[0, 1]
    assert newest.generation - len(newest.kept) == received
