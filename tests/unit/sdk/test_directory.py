"""Which conversation stands for whom."""

from plausch.base.ids import AccountAddress, ConversationId, DeviceAddress
from plausch.sdk.core import Core, Live
from plausch.sdk.directory import Directory
from plausch.sdk.vault.conversations import ConversationState, KeptConversation

ANNA = AccountAddress("anna", "localhost")
CEM = AccountAddress("cem", "localhost")
BEN = AccountAddress("ben", "localhost")


class Shelf:
    """The part of a core that the directory reads."""

    def __init__(self, *lives: Live) -> None:
        self.address = ANNA
        self.lives = {live.id: live for live in lives}


def live(
    number: int,
    *others: AccountAddress,
    state: ConversationState = "open",
    title: str = "",
    at_ms: int = 0,
) -> Live:
    members = tuple(DeviceAddress(one, "0" * 16) for one in (ANNA, *others))
    return Live(
        KeptConversation(
            ConversationId(bytes([number]) * 16),
            state,
            request=False,
            title=title,
            members=members,
            active_at_ms=at_ms,
        )
    )


def directory(*lives: Live) -> Directory:
    shelf: object = Shelf(*lives)
    assert isinstance(shelf, Shelf)
    return Directory(shelf)  # type: ignore[arg-type]


def test_two_without_a_title_are_direct() -> None:
    direct, titled, three = live(1, CEM), live(2, CEM, title="Club"), live(3, CEM, BEN)
    found = directory(direct, titled, three)
    assert [found.peer(one) for one in (direct, titled, three)] == [CEM, None, None]
    assert found.with_peer(CEM) == [direct]
    assert found.current(BEN) is None


def test_the_lower_id_is_preferred() -> None:
    high, low = live(9, CEM), live(2, CEM)
    found = directory(high, low)
    assert found.preferred(high) is low
    assert found.current(CEM) is low
    assert found.merged(high) == [low.id, high.id]
    assert found.shown() == [low]


def test_open_comes_before_opening_before_gone() -> None:
    gone, opening, usable = (
        live(1, CEM, state="left"),
        live(2, CEM, state="opening"),
        live(3, CEM),
    )
    found = directory(gone, opening, usable)
    assert found.with_peer(CEM) == [usable, opening, gone]
    assert directory(gone).current(CEM) is None
    assert directory(live(4, CEM, state="failed")).current(CEM) is None
    broken = live(5, CEM, state="broken")
    assert directory(broken).current(CEM) is broken


def test_the_most_recently_active_comes_first() -> None:
    quiet, busy = live(1, CEM, at_ms=5), live(2, BEN, at_ms=9)
    group = live(3, CEM, BEN, at_ms=7)
    assert directory(quiet, busy, group).shown() == [busy, group, quiet]
    assert directory(group).merged(group) == [group.id]


def test_the_core_has_what_the_directory_reads() -> None:
    assert {"address", "load"} <= set(vars(Core))
