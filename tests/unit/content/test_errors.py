from plausch.base.errors import Fault
from plausch.content.errors import ContentError


def test_it_is_the_other_sides_fault_and_has_a_stable_code() -> None:
    error = ContentError("A sentence.")
    assert (error.fault, error.code, str(error)) == (Fault.REMOTE, "bad_content", "A sentence.")
    assert ContentError("A sentence.", code="too_deep").code == "too_deep"
