"""How sure a device is of an account, in words that programs compare."""

from plausch.base.ids import AccountAddress
from plausch.sdk.contacts import Contact, ContactState


def test_states_are_words() -> None:
    assert {str(state) for state in ContactState} == {"pinned", "verified", "changed"}


def test_contacts_are_values() -> None:
    anna = AccountAddress("anna", "localhost")
    one = Contact(anna, "person", ContactState.PINNED, known=False)
    assert one == Contact(anna, "person", ContactState.PINNED, known=False)
    assert len({one, one}) == 1
