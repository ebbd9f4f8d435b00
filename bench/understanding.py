"""How well the rules understand sentences, by intent, and what one costs in CPU time.

    python bench/understanding.py [--show]

The sentences are those of tests/sentences. `--show` lists each one that is not understood.
"""

import argparse
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

from plausch.agent.understand import understand

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from understanding import Corpus, Verdict, corpus, judge

ROUNDS = 20


def shown(read: Corpus, show: bool) -> None:
    """The table of one corpus."""
    by_intent: dict[str, Counter[Verdict]] = defaultdict(Counter)
    for sentence in read.sentences:
        judgement = judge(sentence, understand(sentence.text, read.now, sentence.setting))
        by_intent[sentence.intent][judgement.verdict] += 1
        if show and judgement.verdict is not Verdict.RIGHT:
            print(f"  {judgement.verdict:7} {sentence.text!r}: {judgement.fields}")
    begin = time.process_time()
    for _ in range(ROUNDS):
        for sentence in read.sentences:
            understand(sentence.text, read.now, sentence.setting)
    took_us = (time.process_time() - begin) * 1e6 / ROUNDS / len(read.sentences)
    print(f"{read.name}: {len(read.sentences)} sentences, {took_us:.0f} µs each")
    print(f"  {'intent':10} {'sentences':>9} {'right':>7} {'missed':>7} {'wrong':>7}")
    total: Counter[Verdict] = Counter()
    for intent, verdicts in sorted(by_intent.items()):
        total += verdicts
        print(line(intent, verdicts))
    print(line("all", total))


def line(name: str, verdicts: Counter[Verdict]) -> str:
    """One row: how many, and the share of each verdict."""
    count = verdicts.total()
    shares = " ".join(f"{verdicts[verdict] / count:7.1%}" for verdict in Verdict)
    return f"  {name:10} {count:9} {shares}"


def main() -> None:
    """Read both files, print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--only", choices=("tuned", "held_out"))
    arguments = parser.parse_args()
    for name in ("tuned", "held_out"):
        if arguments.only in (None, name):
            shown(corpus(name), arguments.show)


if __name__ == "__main__":
    main()
