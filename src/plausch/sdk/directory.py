"""Which conversation stands for whom.

Two people may begin to write to each other at the same moment: then there are two direct
conversations. Both are read; the one with the lower id is shown and written to, on both sides.
"""

from plausch.base.ids import AccountAddress, ConversationId
from plausch.sdk.core import Core, Live

_USABLE = ("open", "opening", "broken")


class Directory:
    """The conversations of this device as people see them."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def peer(self, live: Live) -> AccountAddress | None:
        """The other participant, if it is a conversation of two without a title."""
        others = live.others(self._core.address)
        return others[0] if len(others) == 1 and not live.kept.title else None

    def with_peer(self, peer: AccountAddress) -> list[Live]:
        """All direct conversations with an account, the one to use first."""
        found = [live for live in self._core.lives.values() if self.peer(live) == peer]
        return sorted(found, key=_preference)

    def current(self, peer: AccountAddress) -> Live | None:
        """The direct conversation to use with an account, if there is one."""
        found = self.with_peer(peer)
        return found[0] if found and found[0].kept.state in _USABLE else None

    def preferred(self, live: Live) -> Live:
        """The conversation that stands for this one."""
        peer = self.peer(live)
        return live if peer is None else self.with_peer(peer)[0]

    def is_team(self, live: Live) -> bool:
        """Whether this account's own devices talk among themselves here (team.py)."""
        kept = live.kept
        alone = kept.participants == (self._core.address,)
        return alone and kept.admins is not None and not kept.title

    def teams(self) -> list[Live]:
        """The team conversations that can be used, the one to speak in first."""
        found = [live for live in self._core.lives.values() if self.is_team(live)]
        return sorted((one for one in found if one.kept.state in _USABLE), key=_by_id)

    def merged(self, live: Live) -> list[ConversationId]:
        """The conversations whose messages are shown as one with this one."""
        peer = self.peer(live)
        return [live.id] if peer is None else [one.id for one in self.with_peer(peer)]

    def shown(self) -> list[Live]:
        """Every conversation of people once, the most recently active first."""
        by_peer: dict[AccountAddress | ConversationId, list[Live]] = {}
        for live in self._core.lives.values():
            if self.is_team(live):
                continue
            by_peer.setdefault(self.peer(live) or live.id, []).append(live)
        found = [min(together, key=_preference) for together in by_peer.values()]
        return sorted(found, key=lambda live: live.kept.active_at_ms, reverse=True)


def _by_id(live: Live) -> bytes:
    return live.id


def _preference(live: Live) -> tuple[int, bytes]:
    rank = {"open": 0, "broken": 0, "opening": 1}.get(live.kept.state, 2)
    return rank, live.id
