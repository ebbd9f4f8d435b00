"""Two agents agree on who is the agent, in whatever order they learn of the claims."""

import itertools
import json
from typing import Any

import pytest
from msgspec import Raw

from plausch.agent.operations.lease import (
    LEASE_S,
    AnotherAgent,
    Claim,
    Lease,
    claim_in,
    claim_notice,
    folded,
)
from plausch.base.ids import DeviceAddress
from plausch.content.rpc import Call, Notice
from plausch.sdk import Said

ONE = "mimi://localhost/d/linde/" + "1" * 16
TWO = "mimi://localhost/d/linde/" + "2" * 16


def said(rpc: Notice | Call, device: str = ONE) -> Said:
    return Said(DeviceAddress.parse_uri(device), 7, 1_000, rpc)


def test_the_first_claim_in_the_log_holds_until_it_runs_out() -> None:
    first, second = Claim(ONE, 100, 1_000), Claim(TWO, 101, 1_001)
    assert folded([first, second]) == first
    late = Claim(TWO, 1_000, 1_900)
    assert folded([first, late]) == late
    assert folded([first, second, late, Claim(ONE, 1_100, 2_000)]) == late
    assert folded([]) is None


def test_who_holds_it_renews_and_gives_it_up() -> None:
    first, renewed = Claim(ONE, 100, 1_000), Claim(ONE, 400, 1_300)
    released = Claim(ONE, 500, 500)
    assert folded([first, renewed, Claim(TWO, 1_000, 1_900)]) == renewed
    assert folded([first, released, Claim(TWO, 501, 1_401)]) == Claim(TWO, 501, 1_401)


def test_everybody_agrees_in_whatever_order_they_hear() -> None:
    claims = [
        (3, Claim(ONE, 100, 1_000)),
        (4, Claim(TWO, 101, 1_001)),
        (5, Claim(ONE, 400, 1_300)),
        (6, Claim(TWO, 1_299, 2_199)),
        (9, Claim(TWO, 1_300, 2_200)),
    ]
    for order in itertools.permutations(claims):
        one, two = Lease(ONE), Lease(TWO)
        for seq, claim in order:
            one.hear(seq, claim)
            two.hear(seq, claim)
            two.hear(seq, claim)
        assert one.holder(1_350) == two.holder(1_350) == TWO
        assert one.holder(2_200) == ""
        two.demand_free(1_350)
        with pytest.raises(AnotherAgent, match=r"already \(mimi"):
            one.demand_free(1_350)


def test_a_claim_is_read_as_it_is_said() -> None:
    claim = Lease(ONE).claim(100)
    assert claim == Claim(ONE, 100, 100 + LEASE_S)
    assert claim_in(said(claim_notice(claim))) == claim


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"device": TWO, "fromS": 100, "untilS": 200},
        {"device": "nobody", "fromS": 100, "untilS": 200},
        {"device": ONE, "fromS": 100, "untilS": 99},
        {"device": ONE, "fromS": 100, "untilS": 101 + LEASE_S},
        {"device": ONE, "fromS": -1, "untilS": 5},
        {"device": ONE, "fromS": "100", "untilS": 200},
    ],
)
def test_who_speaks_for_another_or_for_ever_claims_nothing(params: dict[str, Any]) -> None:
    notice = Notice("2.0", "lease", Raw(json.dumps(params).encode()))
    assert claim_in(said(notice)) is None


def test_other_things_are_no_claims() -> None:
    assert claim_in(said(Notice("2.0", "changed"))) is None
    assert claim_in(said(Call("2.0", "abcdefgh", "agent.status"))) is None
    assert claim_in(said(Notice("2.0", "lease", Raw(b"[" * 40_000)))) is None
    no_text = b'{"device":"\x80","fromS":1,"untilS":2}'  # what is in a Raw nobody has read yet
    assert claim_in(said(Notice("2.0", "lease", Raw(no_text)))) is None
