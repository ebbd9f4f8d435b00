"""What every request is."""

import pytest

from plausch.cli.records import DoneRecord
from plausch.cli.request import ANSWER_S, Request
from plausch.cli.requests import Ping, Save


async def test_a_request_by_itself_does_nothing() -> None:
    with pytest.raises(NotImplementedError):
        await Request[DoneRecord]().carry_out(None)  # type: ignore[arg-type]


def test_files_may_take_longer() -> None:
    assert Ping.answer_s == ANSWER_S < Save.answer_s
