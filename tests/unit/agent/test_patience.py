"""The receptionist's patience: bursts, refills, one warning, silence."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from linde import NOW_S
from plausch.agent.patience import BURST, REFILL_S, Patience, spend
from plausch.agent.talk import Talk


def spend_all(talk: Talk, now_s: int, count: int) -> tuple[Talk, list[Patience]]:
    verdicts = []
    for _ in range(count):
        talk, verdict = spend(talk, now_s)
        verdicts.append(verdict)
    return talk, verdicts


def test_a_burst_then_one_warning_then_silence() -> None:
    _, verdicts = spend_all(Talk(), NOW_S, BURST + 5)
    assert verdicts == [Patience.ANSWER] * BURST + [Patience.WARN] + [Patience.IGNORE] * 4


def test_patience_returns_one_by_one() -> None:
    talk, _ = spend_all(Talk(), NOW_S, BURST + 2)
    talk, verdicts = spend_all(talk, NOW_S + REFILL_S, 2)
    assert verdicts == [Patience.ANSWER, Patience.WARN]
    talk, verdicts = spend_all(talk, NOW_S + 2 * REFILL_S - 1, 1)
    assert verdicts == [Patience.IGNORE]
    assert spend(talk, NOW_S + 2 * REFILL_S)[1] is Patience.ANSWER


def test_after_a_long_time_all_is_forgiven() -> None:
    talk, _ = spend_all(Talk(), NOW_S, BURST + 9)
    _, verdicts = spend_all(talk, NOW_S + REFILL_S * BURST * 2, BURST)
    assert set(verdicts) == {Patience.ANSWER}


def test_a_clock_that_jumps_back_takes_nothing() -> None:
    talk, _ = spend_all(Talk(), NOW_S, 3)
    after, verdict = spend(talk, NOW_S - 10_000)
    assert verdict is Patience.ANSWER
    assert after.allowance == talk.allowance - 1


def test_nothing_else_of_the_talk_changes() -> None:
    talk = Talk(language="de", party=4, name="Anna")
    after, _ = spend(talk, NOW_S)
    assert replace(after, allowance=talk.allowance, allowance_at_s=talk.allowance_at_s) == talk


@given(st.lists(st.integers(0, 3 * REFILL_S), max_size=200))
def test_never_more_answers_than_burst_and_refills(gaps_s: list[int]) -> None:
    talk, now_s, answers = Talk(), NOW_S, 0
    for gap_s in gaps_s:
        now_s += gap_s
        talk, verdict = spend(talk, now_s)
        answers += verdict is Patience.ANSWER
    assert answers <= BURST + (now_s - NOW_S) // REFILL_S
