"""`make fuzz`: every target under atheris (libFuzzer, guided by coverage), one after the other.

    python tests/fuzz/run.py --seconds 600 [--corpus FOLDER] [TARGET ...]

What is found lies in the folder of the corpus, as TARGET/crash-*, and the exit code is 1. What was
learned stays there too, for the next time.
"""

import argparse
import importlib
import os
import subprocess
import sys
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
NAMES = (
    "session",
    "bus",
    "http",
    "mls",
    "member",
    "saved",
    "content",
    "parts",
    "signed",
    "profile",
    "services",
    "dump",
)


def fuzz(name: str, folder: Path, seconds: int) -> None:
    """In a process of its own: libFuzzer ends it."""
    import atheris

    with atheris.instrument_imports(include=["plausch"]):
        targets = importlib.import_module("fuzz.targets")
    target = targets.TARGETS[name]
    for number, seed in enumerate(target.seeds()):
        (folder / f"seed-{number:05d}").write_bytes(seed)

    def once(raw: bytes) -> None:
        target.takes(raw)

    options = [
        f"-max_total_time={seconds}",
        f"-timeout={targets.LONGEST_S}",
        f"-rss_limit_mb={targets.MOST_BYTES // 2**20}",
        f"-max_len={targets.INPUT_BYTES}",
        f"-artifact_prefix={folder}/",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(folder)], once)
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=int, default=600, help="for all targets together")
    parser.add_argument("--corpus", type=Path, default=Path(".fuzz"))
    parser.add_argument("--alone", action="store_true", help="in this process, one target")
    parser.add_argument("target", nargs="*", default=list(NAMES))
    given = parser.parse_args()
    each_s = max(1, given.seconds // len(given.target))
    if given.alone:
        fuzz(given.target[0], given.corpus / given.target[0], given.seconds)
        return 0
    failed = []
    for name in given.target:
        folder = given.corpus.resolve() / name
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, __file__, "--alone", "--corpus", str(given.corpus.resolve())]
        began_s = time.monotonic()
        with (given.corpus / f"{name}.log").open("w") as log:
            done = subprocess.run(
                [*command, "--seconds", str(each_s), name],
                check=False,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])},
            )
        said = (given.corpus / f"{name}.log").read_text(errors="replace").splitlines()
        runs = [one for one in said if one.startswith("stat::number_of_executed_units")]
        tried = runs[-1].split()[-1] if runs else "?"
        print(f"{name}: {tried} inputs in {time.monotonic() - began_s:.0f} s, ", end="")
        print("nothing found" if done.returncode == 0 else f"FOUND: {folder}, {name}.log")
        if done.returncode != 0:
            failed.append(name)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
