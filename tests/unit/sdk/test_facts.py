"""What was said of a conversation: what of it is new, and who may say it."""

import pytest

from plausch.base.errors import RemoteError
from plausch.base.ids import AccountAddress, ConversationId, DeviceAddress
from plausch.content.conversation import Facts
from plausch.sdk.events import LinkChanged, PictureChanged, TitleChanged
from plausch.sdk.facts import all_facts, apply_facts, demand_sayable, news_in
from plausch.sdk.vault.conversations import KeptConversation

ANNA, BEN = AccountAddress("anna", "localhost"), AccountAddress("ben", "localhost")
SECRET = bytes(range(16))


def kept() -> KeptConversation:
    members = tuple(DeviceAddress(one, "0" * 16) for one in (ANNA, BEN))
    return KeptConversation(
        ConversationId(bytes(16)), "open", False, "Club", members, admins=(ANNA,)
    )


def test_what_is_so_already_is_no_news() -> None:
    here = kept()
    assert news_in(here, Facts(title="Club", picture=b"", link=b"")) is None
    assert news_in(here, Facts(title="Club", link=SECRET)) == Facts(link=SECRET)
    assert news_in(here, Facts(title="Other")) == Facts(title="Other")


def test_a_link_is_the_admins() -> None:
    here = kept()
    demand_sayable(here, Facts(link=SECRET), ANNA)
    demand_sayable(here, Facts(title="Ben's", picture=b"x"), BEN)
    for link in (SECRET, b""):
        with pytest.raises(RemoteError, match="without being an admin") as caught:
            demand_sayable(here, Facts(link=link), BEN)
        assert caught.value.code == "not_admin"


def test_facts_are_kept_and_told_and_said_again() -> None:
    here = kept()
    events = apply_facts(here, Facts("Other", b"picture", SECRET), BEN)
    assert events == [
        TitleChanged(here.id, "Other", BEN),
        PictureChanged(here.id, BEN),
        LinkChanged(here.id, BEN),
    ]
    assert all_facts(here) == Facts("Other", b"picture", SECRET)
    apply_facts(here, Facts(picture=b"", link=b""), ANNA)
    assert all_facts(here) == Facts("Other")
