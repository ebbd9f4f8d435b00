"""The talk is a value that survives being written down."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from plausch.agent.talk import DayPart, Expecting, HeardTime, Talk

talks = st.builds(
    Talk,
    language=st.sampled_from(["", "de", "en"]),
    expecting=st.sampled_from(Expecting),
    party=st.none() | st.integers(0, 10_000),
    day=st.none() | st.dates(),
    time=st.none() | st.builds(HeardTime, st.integers(0, 1440), st.booleans()),
    part=st.none() | st.sampled_from(DayPart),
    options=st.lists(st.text(max_size=20), max_size=24).map(tuple),
    held_uid=st.text(max_size=40),
    name=st.text(max_size=80),
    confused=st.integers(0, 4),
    allowance=st.integers(-1, 30),
    allowance_at_s=st.integers(0, 2**40),
    changing_uid=st.text(max_size=40),
)


@given(talks)
def test_a_talk_survives(talk: Talk) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(talk), type=Talk) == talk


def test_a_new_talk_knows_nothing() -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode({}), type=Talk) == Talk()
    assert Talk().expecting is Expecting.NOTHING
