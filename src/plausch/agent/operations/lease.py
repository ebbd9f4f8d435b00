"""Which device is the business's agent: the one that holds the lease.

A claim is a notice in the team conversation, good for a while. Everybody folds the claims in the
order of the log: one counts if nobody else holds the lease at the time from which it is claimed.
So two agents that were started by mistake agree on who is the agent, and the other one ends.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from msgspec import Meta, Raw

from plausch.agent.operations.views import TimeS, View
from plausch.base.errors import LocalError, PlauschError
from plausch.base.ids import DeviceAddress
from plausch.content.rpc import Notice
from plausch.sdk import Said

LEASE_S = 900
"""How long a claim is good for; so long an agent that died keeps another device from its place."""

RENEW_S = 300

METHOD = "lease"


class AnotherAgent(LocalError):
    """Another device of this account is its agent."""

    code = "another_agent"


class Claim(View, frozen=True):
    """A device is the agent from one time to another; to the same: no longer."""

    device: Annotated[str, Meta(max_length=256)]
    from_s: TimeS
    until_s: TimeS


@dataclass(frozen=True, slots=True)
class Heard:
    """A claim in its place of the log."""

    seq: int
    claim: Claim


@dataclass(slots=True)
class Lease:
    """The lease as one device knows it: the claims so far, its own and others'."""

    own: str
    heard: list[Heard] = field(default_factory=list)

    def hear(self, seq: int, claim: Claim) -> None:
        """A claim, in whatever order it is learnt of."""
        if all(one.seq != seq for one in self.heard):
            self.heard.append(Heard(seq, claim))
            self.heard.sort(key=lambda one: one.seq)
            self.heard = self.heard[-64:]

    def holder(self, now_s: int) -> str:
        """The device that is the agent now; "" when it is none."""
        held = folded(one.claim for one in self.heard)
        return held.device if held is not None and held.until_s > now_s else ""

    def demand_free(self, now_s: int) -> None:
        """Raises AnotherAgent when another device is the agent."""
        holder = self.holder(now_s)
        if holder and holder != self.own:
            raise AnotherAgent(
                f"Another device of this account is its agent already ({holder}): stop that one "
                f"first; if it is gone for good, try again in {LEASE_S // 60} minutes."
            )

    def claim(self, now_s: int) -> Claim:
        """What to say to be the agent, or to stay it."""
        return Claim(self.own, now_s, now_s + LEASE_S)


def folded(claims: Iterable[Claim]) -> Claim | None:
    """The claim that holds after these, which are in the order of the log."""
    held: Claim | None = None
    for claim in claims:
        if held is None or held.device == claim.device or held.until_s <= claim.from_s:
            held = claim
    return held


def claim_notice(claim: Claim) -> Notice:
    """As it is said."""
    return Notice("2.0", METHOD, Raw(msgspec.json.encode(claim)))


def claim_in(said: Said) -> Claim | None:
    """The claim that a device says for itself; None when it says something else.

    One that speaks for another device, or for longer than a lease lasts, is none.
    """
    if not isinstance(said.rpc, Notice) or said.rpc.method != METHOD:
        return None
    try:
        claim = msgspec.json.decode(said.rpc.params, type=Claim)
        spoken_for = DeviceAddress.parse_uri(claim.device)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, PlauschError):
        return None
    length_s = claim.until_s - claim.from_s
    return claim if spoken_for == said.device and 0 <= length_s <= LEASE_S else None
