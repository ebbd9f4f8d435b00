"""A refusal is the error's code and sentence."""

from plausch.agent.operations.refusal import OperationRefused, Refusal, refusal_of
from plausch.domain.booking import BookingRefused


def test_a_refusal_says_what_the_error_says() -> None:
    error = OperationRefused("There is no such booking.", code="unknown")
    assert refusal_of(error) == Refusal("unknown", "There is no such booking.")
    assert refusal_of(BookingRefused("It cannot be.")) == Refusal("wrong_state", "It cannot be.")
    assert OperationRefused("No.").code == "refused"
