"""One round of keeping the business's own calendar equal to the book.

The book is the truth. A round asks what changed on the server since the last quiet one; what a
person changed or deleted there is kept in the store first, then written over. Only entries whose
digest differs from the one last sent are sent, each on the condition that the version on the server
is the one that the agent knows. A process that dies between sending and remembering finds its own
entry at the next round, recognises it and goes on.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, TypeVar

from plausch.agent.ical.dav import Changes, Collection, DavRefused
from plausch.agent.ical.entries import BOOK, OURS, SHOWN, Style, calendar_text, digest_of
from plausch.agent.ical.sameness import end_s_of, says_the_same
from plausch.agent.ical.sync_store import REMOVAL, Edit, Sent, SyncStore
from plausch.agent.rows import TableBooking

_LOG = logging.getLogger("plausch.agent.calendar")
_T = TypeVar("_T")
_ATTEMPTS = 3
_PAST_S = 86_400
"""Entries that ended longer ago stay in the calendar as they are, as long as the book has them."""

_NAME = re.compile(r"(b-[0-9a-f]{32})\.ics")
"""Under which the agent writes a booking."""

_BOOK = re.compile(rf"^{BOOK}:([0-9a-f]{{32}})\r?$", re.MULTILINE)
_NEVER_S = 1 << 62


@dataclass(slots=True)
class Outcome:
    """What a round did: entries written, taken away, found edited by people, refused."""

    written: int = 0
    removed: int = 0
    edited: int = 0
    refused: int = 0

    @property
    def is_quiet(self) -> bool:
        """Nothing happened."""
        return self == Outcome()


@dataclass(frozen=True, slots=True)
class _Wanted:
    text: str
    digest: str
    ends_at_s: int


class CalendarSync:
    """A collection and what is remembered of it."""

    def __init__(self, collection: Collection, store: SyncStore, style: Style) -> None:
        self._collection = collection
        self._store = store
        self._style = style
        self._left: dict[str, int] = {}
        """Entries of others or of an unknown future, by name, and when to look at them again."""

    async def round(self, entries: Sequence[TableBooking], now_s: int) -> Outcome:
        """Make the calendar equal to the entries, which are all from a day ago on.

        Raises DavUnreachable, DavRefused, StorageUnavailable: what was done until then is
        remembered, the rest is done by a later round.
        """
        with self._collection.connected():
            return await self._round(entries, now_s)

    async def _round(self, entries: Sequence[TableBooking], now_s: int) -> Outcome:
        outcome = Outcome()
        wanted = {
            entry.booking.uid: self._wanted(entry)
            for entry in entries
            if entry.booking.state in SHOWN
        }
        token = await self._store.token()
        changes = await self._call(self._collection.changes, token)
        if changes.is_whole:
            await self._adopt(changes, wanted, now_s)
        await self._look(changes, wanted, outcome, now_s)
        sent = await self._store.sent(now_s - _PAST_S)
        if token and self._is_work(wanted, sent):
            # A token stands for a state of the whole calendar (RFC 6578); after our own changes
            # somebody may bring it back to that state, and the server would tell of nothing.
            await self._store.save_token("")
        for uid, want in wanted.items():
            known = sent.get(uid)
            if known is None or known.digest != want.digest:
                await self._attempt(self._write(uid, want, known, outcome, now_s), uid, outcome)
        for uid, known in sent.items():
            if uid not in wanted:
                await self._attempt(self._remove(known, outcome, now_s), uid, outcome)
        if outcome.is_quiet:
            await self._store.save_token(changes.token)
        return outcome

    async def follow(self, booked: Iterable[str], now_s: int) -> Outcome:
        """Take away what is over and the book has forgotten; `booked` is all that it has.

        What was found there by a store that had not written it stays until it is over, and for
        ever if it is another book's: a new or an older book does not know what is still to come.
        Raises as `round`.
        """
        past = await self._store.past(now_s - _PAST_S)
        outcome, known, were_left = Outcome(), set(booked), len(self._left)
        gone = [one for one in past if one.uid not in known]
        if gone:
            with self._collection.connected():
                for one in gone:
                    await self._attempt(self._forget(one, outcome, now_s), one.uid, outcome)
        if len(self._left) > were_left:
            _LOG.warning(
                "calendar: %d entries are not from this book, or are still to come and not in it: "
                "they are left as they are; take them away by hand if they should not be there",
                len(self._left),
            )
        return outcome

    async def _forget(self, known: Sent, outcome: Outcome, now_s: int) -> None:
        """Whatever is there now: its booking is forgotten, and so is what people made of it."""
        stored = await self._call(self._collection.get, known.name)
        again_s = 0 if stored is None else self._again_s(known, stored.text)
        if stored is None or again_s > now_s:
            if again_s > now_s:
                self._left[known.name] = again_s
            await self._store.forget(known.uid)
            return
        self._left.pop(known.name, None)
        await self._remove(replace(known, etag=stored.etag), outcome, now_s)

    def _again_s(self, known: Sent, text: str) -> int:
        """From when on an entry may be taken away; one that this store wrote has its end there."""
        book = _BOOK.search(text)
        is_ours = book is None or not self._style.book or book[1] == self._style.book
        if f"\n{OURS}:" not in text or not is_ours:  # a person's under our name, or another book's
            return _NEVER_S
        if known.ends_at_s:
            return known.ends_at_s + _PAST_S
        end_s = end_s_of(text)
        return _NEVER_S if end_s is None else end_s + _PAST_S

    async def _adopt(self, changes: Changes, wanted: Mapping[str, _Wanted], now_s: int) -> None:
        """Entries that this store never knew, because it is new: they are looked at when the book
        has forgotten them."""
        known = {one.name for one in (await self._store.sent()).values()}
        for name, etag in changes.changed.items():
            match = _NAME.fullmatch(name)
            is_left = self._left.get(name, 0) > now_s
            if match and name not in known and match[1] not in wanted and not is_left:
                await self._store.save(Sent(match[1], name, etag, "", 0))

    def _is_work(self, wanted: Mapping[str, _Wanted], sent: Mapping[str, Sent]) -> bool:
        return not wanted.keys() >= sent.keys() or any(
            uid not in sent or sent[uid].digest != want.digest for uid, want in wanted.items()
        )

    def _wanted(self, entry: TableBooking) -> _Wanted:
        text = calendar_text([entry], self._style)
        return _Wanted(text, digest_of(text), entry.booking.ends_at_s)

    async def _look(
        self, changes: Changes, wanted: Mapping[str, _Wanted], outcome: Outcome, now_s: int
    ) -> None:
        """Find what people did to entries of ours since the last round."""
        for known in (await self._store.sent(now_s - _PAST_S)).values():
            etag = changes.changed.get(known.name)
            if etag is not None and etag != known.etag:
                await self._found(known, wanted.get(known.uid), outcome, now_s)
            elif known.etag and (known.name in changes.gone or (changes.is_whole and etag is None)):
                await self._found_deleted(known, known.uid in wanted, outcome, now_s)

    async def _found(self, known: Sent, want: _Wanted | None, outcome: Outcome, now_s: int) -> Sent:
        """Another version is there: adopt it if it says what we want, else keep it as an edit."""
        stored = await self._call(self._collection.get, known.name)
        if stored is None:
            return await self._found_deleted(known, want is not None, outcome, now_s)
        if want is not None and says_the_same(stored.text, want.text):
            known = _done(known, want, stored.etag)
            await self._store.save(known)
            return known
        is_ours = known.sending != REMOVAL and says_the_same(stored.text, known.sending)
        known = replace(known, etag=stored.etag, digest="", sending="")
        if is_ours:
            await self._store.save(known)
            return known
        await self._store.found_edit(Edit(known.uid, now_s, stored.text), known)
        self._tell_edit(known.uid, "changed", outcome)
        return known

    async def _found_deleted(
        self, known: Sent, is_wanted: bool, outcome: Outcome, now_s: int
    ) -> Sent:
        is_ours = known.sending == REMOVAL
        known = replace(known, etag="", digest="", sending="")
        if is_wanted and not is_ours:
            await self._store.found_edit(Edit(known.uid, now_s, ""), known)
            self._tell_edit(known.uid, "deleted", outcome)
        else:
            await self._store.save(known)
        return known

    def _tell_edit(self, uid: str, what: str, outcome: Outcome) -> None:
        outcome.edited += 1
        _LOG.warning(
            "calendar %s was %s by a person: the booking is written there again; "
            "see plausch agent calendar --edits",
            uid,
            what,
        )

    async def _write(
        self, uid: str, want: _Wanted, known: Sent | None, outcome: Outcome, now_s: int
    ) -> None:
        now = known or Sent(uid, f"{uid}.ics", "", "", want.ends_at_s)
        for _ in range(_ATTEMPTS):
            # Remembered before it is sent: a crash in between neither leaves an entry that nobody
            # takes away, nor makes our own text look like a person's.
            sending = replace(now, sending=want.text)
            await self._store.save(sending)
            etag = await self._call(self._collection.put, now.name, want.text, now.etag)
            if etag is not None:
                await self._written(sending, want, etag, outcome, now_s)
                return
            # What a process that died had sent may arrive only now: it is not a person's either.
            now = await self._found(now, want, outcome, now_s)
            if now.digest == want.digest:
                return
        _LOG.warning("calendar %s changes all the time: tried again later", uid)
        outcome.refused += 1

    async def _written(
        self, now: Sent, want: _Wanted, etag: str, outcome: Outcome, now_s: int
    ) -> None:
        outcome.written += 1
        if etag:
            await self._store.save(_done(now, want, etag))
        else:
            # The server does not say which version it made of ours: look, a person may be faster.
            await self._found(now, want, outcome, now_s)

    async def _remove(self, known: Sent, outcome: Outcome, now_s: int) -> None:
        for _ in range(_ATTEMPTS):
            if not known.etag:
                known = await self._found(known, None, outcome, now_s)
            if known.etag:
                # Remembered before it is done, so that nobody is said to have deleted it.
                await self._store.save(replace(known, sending=REMOVAL))
                if not await self._call(self._collection.delete, known.name, known.etag):
                    known = replace(known, etag="")
                    continue
            await self._store.forget(known.uid)
            outcome.removed += 1
            return
        outcome.refused += 1

    async def _attempt(self, work: Coroutine[Any, Any, None], uid: str, outcome: Outcome) -> None:
        """One entry's refusal does not stop the others."""
        try:
            await work
        except DavRefused as error:
            if error.status == HTTPStatus.UNAUTHORIZED:  # the same for every entry
                raise
            outcome.refused += 1
            _LOG.warning("calendar %s was refused by the calendar's server (%s)", uid, error.status)

    async def _call(self, work: Callable[..., _T], *arguments: str) -> _T:
        return await asyncio.to_thread(work, *arguments)


def _done(known: Sent, want: _Wanted, etag: str) -> Sent:
    return Sent(known.uid, known.name, etag, want.digest, want.ends_at_s)
