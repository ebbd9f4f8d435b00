"""Places: how many of something are taken at this moment, and by whom."""


class Places:
    """At most `each` places for one name, and `most` for all together (0: as many as come)."""

    __slots__ = ("_each", "_most", "_taken", "taken")

    def __init__(self, each: int, most: int = 0) -> None:
        self._each, self._most = each, most
        self._taken: dict[str, int] = {}
        self.taken = 0

    def take(self, name: str) -> bool:
        """Take a place; False: there is none left."""
        mine = self._taken.get(name, 0)
        if mine >= self._each or (self._most and self.taken >= self._most):
            return False
        self._taken[name] = mine + 1
        self.taken += 1
        return True

    def of(self, name: str) -> int:
        """How many are taken in this name."""
        return self._taken.get(name, 0)

    def give_back(self, name: str) -> None:
        """A place that was taken is free again."""
        self.taken -= 1
        self._taken[name] -= 1
        if not self._taken[name]:
            del self._taken[name]
