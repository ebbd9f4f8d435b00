"""What the operator's page shows and does, whoever may ask: paths and forms in, pages out."""

import asyncio
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

from plausch.base.clock import Clock
from plausch.base.durations import MINUTE_MS
from plausch.base.ids import NameRefused, parse_name
from plausch.db.interface import StorageUnavailable
from plausch.server.administration import (
    MOST_MINUTES,
    Administration,
    OrderRefused,
)
from plausch.server.operator_page import Counted, OperatorPage, Overview

ROWS = 20
MOST_REPORTS = 200
COUNT_ANEW_MS = MINUTE_MS
"""Counting reads the whole log's table: it is done once a minute at most."""

_LAST = 2**63 - 1
_KEY = re.compile(r"[1-9][0-9]{0,17}")
_MINUTES = re.compile(r"[1-9][0-9]{0,4}")


class Sheet(NamedTuple):
    """A page."""

    status: HTTPStatus
    html: str


class Onward(NamedTuple):
    """It is done; the page to go on to is at this path."""

    path: str


class OperatorDesk:
    """Answers what was let in. `hand` is where orders go."""

    def __init__(self, hand: Administration, clock: Clock) -> None:
        self._hand, self._clock = hand, clock
        self._counted = Counted(None, 0)
        self._counting = asyncio.Lock()

    async def show(self, path: str, query: Mapping[str, str], page: OperatorPage) -> Sheet:
        """The page at a path. Whatever goes wrong is a page too."""
        try:
            if path == "/":
                return Sheet(HTTPStatus.OK, page.overview(await self._overview(query)))
            if path == "/reports":
                rows = await self._hand.reports(MOST_REPORTS)
                return Sheet(HTTPStatus.OK, page.reports(rows))
            if path.startswith("/accounts/"):
                shown = await self._hand.show(parse_name(path.removeprefix("/accounts/")))
                return Sheet(HTTPStatus.OK, page.account(shown))
        except (OrderRefused, NameRefused, StorageUnavailable) as error:
            return _trouble(error, page)
        return Sheet(HTTPStatus.NOT_FOUND, page.trouble("not_found"))

    async def order(self, path: str, form: Mapping[str, str], page: OperatorPage) -> Sheet | Onward:
        """Do what a form asks for. Whatever goes wrong is a page."""
        found = re.fullmatch(r"/accounts/([^/]+)/(suspend|unsuspend)", path)
        try:
            if found is not None:
                name = parse_name(found[1])
                suspends = found[2] == "suspend"
                await (self._hand.suspend(name) if suspends else self._hand.unsuspend(name))
                if self._counted.totals is not None:  # else it takes too long to do at every step
                    self._counted = Counted(None, 0)
                return Onward(f"/accounts/{name}")
            if path == "/maintenance/off":
                await self._hand.resume()
                return Onward("/")
            if path == "/maintenance/on":
                return await self._maintain(form.get("words", ""), form.get("minutes", ""), page)
        except (OrderRefused, NameRefused, StorageUnavailable) as error:
            return _trouble(error, page)
        return Sheet(HTTPStatus.NOT_FOUND, page.trouble("not_found"))

    async def _maintain(self, words: str, minutes: str, page: OperatorPage) -> Sheet | Onward:
        """Raises StorageUnavailable."""
        count = minutes.strip()
        wrong = ""
        if count and not (_MINUTES.fullmatch(count) and int(count) <= MOST_MINUTES):
            wrong = "bad_minutes"
        else:
            until_ms = self._clock.now_ms() + int(count) * MINUTE_MS if count else 0
            try:
                await self._hand.maintain(until_ms=until_ms, words=words)
            except OrderRefused:
                wrong = "bad_words"
        if not wrong:
            return Onward("/")
        seen = await self._overview({}, wrong, (words, minutes))
        return Sheet(HTTPStatus.BAD_REQUEST, page.overview(seen))

    async def _overview(
        self, query: Mapping[str, str], wrong: str = "", typed: tuple[str, str] = ("", "")
    ) -> Overview:
        part = query.get("name", "").strip().lower()
        before = query.get("before", "")
        key = int(before) if _KEY.fullmatch(before) else _LAST
        found = await self._hand.newest(part, key, ROWS + 1) if _can_be_in_a_name(part) else []
        older = found[ROWS - 1].key if len(found) > ROWS else 0
        regime = await self._hand.maintenance()
        counted = await self._count()
        return Overview(counted, regime, found[:ROWS], part, older, wrong, typed)

    async def _count(self) -> Counted:
        async with self._counting:
            now_ms = self._clock.now_ms()
            if now_ms - self._counted.at_ms >= COUNT_ANEW_MS:
                try:
                    self._counted = Counted(await self._hand.totals(), now_ms)
                except StorageUnavailable:
                    self._counted = Counted(None, now_ms)
            return self._counted


def _can_be_in_a_name(part: str) -> bool:
    return part.isascii() and part.isprintable()


def _trouble(error: OrderRefused | NameRefused | StorageUnavailable, page: OperatorPage) -> Sheet:
    match error:
        case StorageUnavailable():
            return Sheet(HTTPStatus.SERVICE_UNAVAILABLE, page.trouble("storage_unavailable"))
        case OrderRefused(code="account_removed"):
            return Sheet(HTTPStatus.CONFLICT, page.trouble("account_removed"))
    return Sheet(HTTPStatus.NOT_FOUND, page.trouble("unknown_account"))
