"""Who may use the operator's page: a browser that came by the link, for some hours.

The link is good once; what it leaves is a cookie, so that no address in a history, a list of
processes or a picture of the screen opens the page again. A cookie goes to every port of this
machine, also to other people's programs there: it is bound to a path that only this run of the
page has, and nothing is done by a form without the visit's own token.
"""

import hmac
import secrets
from dataclasses import dataclass

from multidict import CIMultiDict

from plausch.base.clock import Clock
from plausch.base.durations import HOUR_MS

COOKIE = "plausch_operator"
VISIT_MS = 8 * HOUR_MS
MOST_VISITS = 16
TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser that came by the link."""

    cookie: str
    form_token: str
    ends_at_ms: int


class Visits:
    """The visits of one run of the page; they end with it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._visits: list[Visit] = []
        self.base = f"/{secrets.token_urlsafe(12)}"
        """The path below which all pages are."""
        self.token = secrets.token_urlsafe(TOKEN_BYTES)
        """What the next link has in it."""

    def enter(self, token: str) -> Visit | None:
        """A visit for the token of the link, which is used up by it; None for another."""
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            return None
        self.token = secrets.token_urlsafe(TOKEN_BYTES)
        visit = Visit(
            secrets.token_urlsafe(TOKEN_BYTES),
            secrets.token_urlsafe(TOKEN_BYTES),
            self._clock.now_ms() + VISIT_MS,
        )
        self._visits = [*self._visits, visit][-MOST_VISITS:]
        return visit

    def of(self, headers: CIMultiDict[str]) -> Visit | None:
        """The visit that this request belongs to."""
        now_ms = self._clock.now_ms()
        self._visits = [one for one in self._visits if now_ms < one.ends_at_ms]
        for given in cookies(headers):
            for one in self._visits:
                if hmac.compare_digest(given.encode(), one.cookie.encode()):
                    return one
        return None

    def set_cookie(self, visit: Visit) -> str:
        """The header that leaves a visit's cookie in its browser."""
        return f"{COOKIE}={visit.cookie}; Path={self.base}/; HttpOnly; SameSite=Strict"


def cookies(headers: CIMultiDict[str]) -> list[str]:
    """All values that came under the cookie's name: others on this machine can add theirs."""
    parts = [part for header in headers.getall("cookie", []) for part in header.split(";")]
    named = [part.strip().partition("=") for part in parts]
    return [value for name, _, value in named if name == COOKIE]
