"""Where messages go between gateways, with a thousand million accounts: a simulation by sampling.

    python bench/routing.py [--accounts 1000000000] [--gateways 13000] [--messages 200000]

The buckets are the server's own (server/bus.py), and so is the rule from when on a message is told
to all gateways (server/hub.py). Conversations are pairs mostly, with groups whose sizes are skewed
up to 1,000; senders are skewed too: an eighth of the accounts write half of all messages. Each
message's participants are drawn from all accounts; each is connected, or not, to the gateway where
its address leads, or to one of its bucket's gateways. Nothing is kept for accounts that no message
meets, so that a thousand million of them cost no more than a thousand.
"""

import argparse
import random
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from plausch.server.bus import BUCKETS, bucket_of
from plausch.server.hub import MANY

PRESENCE = 0.4
"""Of the devices, at the busiest hour."""

SECOND_DEVICE = 0.3
SHARE_OF_PAIRS, SHARE_OF_LARGE = 0.8, 0.0005
MEDIAN_GROUP, GROUP_SIGMA, LARGEST = 8, 1.0, 1_000
SEED = 6

Place = Callable[[int], int]
"""The gateway of an account."""


@dataclass
class Seen:
    """What was counted."""

    messages: int
    signals: int
    """Published by the senders' gateways."""

    spread: int
    """Messages told to all gateways."""

    deliveries: int
    """Of signals to gateways, by NATS."""

    useful: int
    """Of those: to a gateway that has one of the devices."""

    heard: float
    """The share of all signals that a gateway hears."""

    worst_gateway: float
    """The gateway that hears most, times the mean."""

    worst_bucket: float
    """The fullest bucket's signals, times the mean."""

    subscriptions: float
    """Buckets that a gateway hears."""


def account_uri(number: int) -> str:
    """A device of the account; the bucket is the account's."""
    return f"mimi://example.org/d/user{number}/0000000000000001"


def by_address(gateways: int) -> Place:
    """Anywhere: a client's address says nothing of its account."""
    return lambda account: zlib.crc32(b"address %d" % account) % gateways


def by_bucket(gateways: int) -> Place:
    """A gateway of the account's bucket, one of several when there are more gateways."""
    listeners = gateways_of_buckets(gateways)

    def place(account: int) -> int:
        mine = listeners[bucket_of(account_uri(account))]
        return mine[zlib.crc32(b"address %d" % account) % len(mine)]

    return place


def gateways_of_buckets(gateways: int) -> list[range]:
    """Which gateways serve each bucket."""
    if gateways <= BUCKETS:
        places = [bucket * gateways // BUCKETS for bucket in range(BUCKETS)]
        return [range(one, one + 1) for one in places]
    edges = [bucket * gateways // BUCKETS for bucket in range(BUCKETS + 1)]
    return [range(edges[bucket], edges[bucket + 1]) for bucket in range(BUCKETS)]


def size_of_conversation(chance: random.Random) -> int:
    """How many accounts take part in the conversation of a message."""
    kind = chance.random()
    if kind < SHARE_OF_LARGE:
        return LARGEST
    if kind < SHARE_OF_LARGE + SHARE_OF_PAIRS:
        return 2
    return max(3, min(LARGEST, round(chance.lognormvariate(0, GROUP_SIGMA) * MEDIAN_GROUP)))


def simulate(accounts: int, gateways: int, messages: int, *, bucketed: bool) -> Seen:
    """Draw messages and follow each of them."""
    chance = random.Random(SEED)  # nothing secret
    place = (by_bucket if bucketed else by_address)(gateways)
    buckets: Counter[int] = Counter()
    spread = useful = 0
    for _ in range(messages):
        home = place(int(accounts * chance.random() ** 3))
        far: Counter[int] = Counter()
        where: set[tuple[int, int]] = set()
        for _ in range(size_of_conversation(chance) - 1):
            other = chance.randrange(accounts)
            at, bucket = place(other), bucket_of(account_uri(other))
            for _ in range(1 + (chance.random() < SECOND_DEVICE)):
                online = chance.random() < PRESENCE
                if not (online and at == home):
                    far[bucket] += 1
                    where |= {(bucket, at)} if online else set()
        if far.total() >= MANY:
            spread += 1
            useful += len({at for _, at in where})
        else:
            buckets.update(far.keys())
            useful += len(where)
    listeners = gateways_of_buckets(gateways) if bucketed else _everywhere(accounts, gateways)
    heard = [float(spread)] * gateways
    for bucket, some in enumerate(listeners):
        for gateway in some:
            heard[gateway] += buckets[bucket]
    signals, mean = buckets.total() + spread, sum(heard) / gateways
    return Seen(
        messages,
        signals,
        spread,
        round(sum(heard)),
        useful,
        mean / signals,
        max(heard) / mean,
        max(buckets.values()) / (buckets.total() / BUCKETS),
        sum(map(len, listeners)) / gateways,
    )


def _everywhere(accounts: int, gateways: int) -> list[range]:
    """Of a gateway's thousands of devices there is one in each bucket."""
    if accounts * PRESENCE / gateways < 8 * BUCKETS:
        raise SystemExit("So few accounts for each gateway do not fill its buckets.")
    return [range(gateways)] * BUCKETS


LINES: tuple[tuple[str, Callable[[Seen], str]], ...] = (
    ("signals for each message", lambda one: f"{one.signals / one.messages:.2f}"),
    ("messages told to all gateways", lambda one: f"{one.spread / one.messages:.2%}"),
    ("gateways that hear each signal", lambda one: f"{one.deliveries / one.signals:,.1f}"),
    ("of them with a device for it", lambda one: f"{one.useful / one.deliveries:.2%}"),
    ("buckets that a gateway hears", lambda one: f"{one.subscriptions:,.1f}"),
    ("share of all signals that a gateway hears", lambda one: f"{one.heard:.3%}"),
    ("the gateway that hears most, times the mean", lambda one: f"{one.worst_gateway:.2f}"),
    ("the fullest bucket, times the mean", lambda one: f"{one.worst_bucket:.2f}"),
)


def main() -> None:
    """Simulate both ways of placing devices, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=10**9)
    parser.add_argument("--gateways", type=int, default=13_000)
    parser.add_argument("--messages", type=int, default=200_000)
    options = parser.parse_args()
    print(f"{options.accounts:,} accounts, {options.gateways:,} gateways, {BUCKETS:,} buckets\n")
    print("| | by address | by bucket |\n|---|---|---|")
    found = [
        simulate(options.accounts, options.gateways, options.messages, bucketed=bucketed)
        for bucketed in (False, True)
    ]
    for name, line in LINES:
        print(f"| {name} | {line(found[0])} | {line(found[1])} |")


if __name__ == "__main__":
    main()
