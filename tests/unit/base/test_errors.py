import pytest

from plausch.base.errors import Fault, LocalError, OperatorError, PlauschError, RemoteError


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        (LocalError, Fault.LOCAL),
        (RemoteError, Fault.REMOTE),
        (OperatorError, Fault.OPERATOR),
    ],
)
def test_each_error_says_whose_fault_it_is(kind: type[PlauschError], fault: Fault) -> None:
    error = kind("The disk is full: free some space and try again.")
    assert error.fault is fault
    assert str(error) == "The disk is full: free some space and try again."


def test_code_and_fault_can_be_stated_where_it_is_raised() -> None:
    error = PlauschError("No.", code="not_allowed", fault=Fault.REMOTE)
    assert (error.code, error.fault) == ("not_allowed", Fault.REMOTE)
    assert (PlauschError.code, PlauschError.fault) == ("error", Fault.LOCAL)
