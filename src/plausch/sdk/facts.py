"""What was said of a conversation: title, picture, link; what of it is new, and who may say it."""

from dataclasses import replace

from plausch.base.errors import RemoteError
from plausch.base.ids import AccountAddress
from plausch.content.conversation import Facts
from plausch.sdk.events import Event, LinkChanged, PictureChanged, TitleChanged
from plausch.sdk.roles import may_administrate
from plausch.sdk.vault.conversations import KeptConversation


def news_in(kept: KeptConversation, facts: Facts) -> Facts | None:
    """What of it is not so already; None when all is: it was said again for somebody who came."""
    news = replace(
        facts,
        title=None if facts.title == kept.title else facts.title,
        picture=None if facts.picture == kept.picture else facts.picture,
        link=None if facts.link == kept.link else facts.link,
    )
    return None if news == Facts() else news


def demand_sayable(kept: KeptConversation, facts: Facts, by: AccountAddress) -> None:
    """A link is the admins': who lets people in makes it. Raises RemoteError `not_admin`."""
    if facts.link is not None and not may_administrate(kept, by):
        raise RemoteError(
            f"{by} changed the invitation link of a group without being an admin; ignored.",
            code="not_admin",
        )


def apply_facts(kept: KeptConversation, facts: Facts, by: AccountAddress) -> list[Event]:
    """Make it so; what to tell."""
    events: list[Event] = []
    if facts.title is not None:
        kept.title = facts.title
        events.append(TitleChanged(kept.id, facts.title, by))
    if facts.picture is not None:
        kept.picture = facts.picture
        events.append(PictureChanged(kept.id, by))
    if facts.link is not None:
        kept.link = facts.link
        events.append(LinkChanged(kept.id, by))
    return events


def all_facts(kept: KeptConversation) -> Facts:
    """Everything, for somebody who has come."""
    return Facts(kept.title or None, kept.picture or None, kept.link or None)
