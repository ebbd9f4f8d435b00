from plausch.base.errors import Fault, PlauschError
from plausch.identity.errors import IdentityRefused


def test_it_is_the_other_sides_fault_and_carries_a_code() -> None:
    error = IdentityRefused("A sentence.", code="bad_key")
    assert isinstance(error, PlauschError)
    assert (error.fault, error.code, str(error)) == (Fault.REMOTE, "bad_key", "A sentence.")


def test_without_a_code_it_still_has_a_stable_one() -> None:
    assert IdentityRefused("A sentence.").code == "identity_refused"
