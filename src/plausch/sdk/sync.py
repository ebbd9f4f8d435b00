"""From the server's logs and mailbox into the vault: prepare, write, after.

For each stretch of a log: every envelope is processed (`receive`, `epochs`), then the group's new
state, the messages and the cursor are written in one transaction, then the server is told that
they are here, then listeners. A crash before the write repeats the stretch; after it, nothing is
seen twice, because cursor and keys moved together. Live pushes only say that a log has grown:
live and catch-up are one path.
"""

import asyncio
from collections.abc import Sequence

from plausch.base.errors import PlauschError, RemoteError
from plausch.base.ids import AccountAddress, ConversationId, DeviceAddress, NameRefused
from plausch.content.fork import EpochMark, is_fork
from plausch.mls.errors import ProtocolError
from plausch.mls.framing import parse_private_message
from plausch.mls.staged import StagedCommit, StagedMessage, StagedProposal
from plausch.sdk.connection import Push
from plausch.sdk.core import Core, Live
from plausch.sdk.epochs import Epochs
from plausch.sdk.errors import ServerRefused, Unreachable
from plausch.sdk.events import ForkSuspected, StatusChanged
from plausch.sdk.franked import mark_in
from plausch.sdk.history import state_of
from plausch.sdk.joining import Joining
from plausch.sdk.receive import Opened, Outcome, own_came_back, take_content
from plausch.sdk.stock import Stock
from plausch.sdk.whole import whole
from plausch.wire import frames as f

READ_LIMIT = 100
MAILBOX_LIMIT = 50
RESUME_PAGES = 1_000


class Sync:
    """Brings what the server holds for this device into the vault."""

    def __init__(self, core: Core, epochs: Epochs, joining: Joining, stock: Stock) -> None:
        self._core = core
        self._epochs = epochs
        self._joining = joining
        self._stock = stock
        self._reading: set[ConversationId] = set()
        self._mail_lock = asyncio.Lock()
        self._is_mail_left = False
        """On this connection a Welcome could not be judged: nothing of the mailbox is forgotten."""
        self._pushed: dict[ConversationId, list[f.Envelope]] = {}

    # --- pushes ------------------------------------------------------------------------------

    def take_push(self, push: Push) -> None:
        """Called by the transport; starts what is needed and returns at once."""
        if isinstance(push, f.Delivery):
            self._take_delivery(push)
        elif isinstance(push, f.MailboxMoved):
            self._core.spawn(self._mail())
        elif isinstance(push, f.CursorMoved):
            self._core.spawn(self._take_cursor(push))
        elif isinstance(push, f.DeviceListMoved):
            self._core.spawn(self._epochs.device_list_moved(push.name))

    def _take_delivery(self, push: f.Delivery) -> None:
        live = self._core.lives.get(ConversationId(push.conversation))
        if live is None:
            return  # its Welcome is still on the way; joining reads the log
        if push.envelopes:
            self._pushed.setdefault(live.id, []).extend(push.envelopes)
        self._grown(live, push.head)

    def _grown(self, live: Live, head: int) -> None:
        if 0 < head < live.kept.cursor:  # late, or the server knows less than it did: it says which
            head = live.kept.cursor + 1
        live.head = max(live.head, head)
        live.told = max(live.told, head)
        if live.kept.cursor < live.head and live.id not in self._reading:
            self._reading.add(live.id)
            self._core.spawn(self._read_in_background(live))

    async def _read_in_background(self, live: Live) -> None:
        try:
            await self._core.patiently(lambda: self._read_on(live))
        except Unreachable:
            return  # the next connection begins where the cursor stands
        except ServerRefused as error:
            await self._core.report(live.id, None, error)
        finally:
            self._reading.discard(live.id)
            self._pushed.pop(live.id, None)

    # --- catching up -------------------------------------------------------------------------

    async def resume(self) -> None:
        """Ask what moved, and return when all of it is in the vault.

        Raises Unreachable, ServerRefused.
        """
        after = b""
        named: set[bytes] = set()
        for _ in range(RESUME_PAGES):
            resumed = await self._resume_after(after)
            if resumed.mailbox:
                await self._fetch_mail(0)
            for moved in resumed.moved:
                await self._take_moved(moved)
            page = {moved.conversation for moved in resumed.moved}
            if not resumed.more or page <= named:  # a server that repeats itself has no end
                return
            named |= page
            after = resumed.moved[-1].conversation

    async def _resume_after(self, after: bytes) -> f.Resumed:
        return await self._core.transport.ask(
            lambda request_id: f.Resume(request_id, after), f.Resumed
        )

    async def _take_moved(self, moved: f.Moved) -> None:
        """Read a log on. The mailbox was read: of a conversation that this device has no keys for,
        nothing can be opened, so nothing of it has to wait."""
        live = self._core.lives.get(ConversationId(moved.conversation))
        if live is None or live.kept.is_over:
            self._core.transport.tell(f.Acknowledge(moved.conversation, moved.head))
            return
        # One more than known when the server knows less: its answer says what the head really is.
        lost = moved.head < live.kept.cursor
        if not lost and moved.cursor < live.kept.cursor:
            await self._look_again(live, moved.cursor)
        await self._catch_up_if_allowed(live, live.kept.cursor + 1 if lost else moved.head)
        self._acknowledge(live)

    async def _look_again(self, live: Live, cursor: int) -> None:
        """The server does not know how far this device is. Mostly an acknowledgement was lost; but
        it may have been set back, and its log have grown anew, with other envelopes where this
        device has been. What was read then does not open a second time, what is new does."""
        async with self._core.changing(live):
            live.kept.known = max(live.kept.known, live.kept.cursor)
            live.kept.cursor = cursor
            await self._core.vault.write([self._core.conversations.put(live.kept)])

    async def _catch_up_if_allowed(self, live: Live, head: int) -> None:
        """One log that the server does not give out must not keep the others from being read."""
        try:
            await self.catch_up(live, head)
        except ServerRefused as error:
            await self._core.report(live.id, None, error)

    async def catch_up(self, live: Live, head: int) -> None:
        """Read a log up to `head` at least. Raises Unreachable, ServerRefused."""
        live.head = max(live.head, head)
        await self._read_on(live)

    async def _read_on(self, live: Live) -> None:
        async with live.reading:  # one reader: two would ask for the same envelopes
            await self._read_alone(live)

    async def _read_alone(self, live: Live) -> None:
        while live.kept.cursor < live.head and not live.kept.is_over:
            envelopes = self._pushed_next(live) or await self._read(live)
            if envelopes:
                await self._take(live, envelopes)
            elif live.told <= live.kept.cursor:  # nor was anything pushed meanwhile
                return

    async def _read(self, live: Live) -> list[f.Envelope]:
        """The envelopes after the cursor; none when there are no more."""
        after = live.kept.cursor
        live.told = 0
        answer = await self._core.transport.ask(
            lambda request_id: f.Read(request_id, live.id, after, READ_LIMIT), f.Envelopes
        )
        if answer.head < after:
            await self._begin_again(live, after, answer.head)
            answer = await self._core.transport.ask(
                lambda request_id: f.Read(request_id, live.id, 0, READ_LIMIT), f.Envelopes
            )
        # A push that was sent after the answer may come before it.
        live.head = max(live.kept.cursor, answer.head, live.told)
        return await self._within(live, answer)

    async def _begin_again(self, live: Live, after: int, head: int) -> None:
        """The log is shorter than what was read of it: an earlier number was a lie, or the server
        was set back. Read what there is; what is known already is not shown twice."""
        core = self._core
        writes, event = core.problem(live.id, after, _shortened(after, head))
        async with core.changing(live):
            live.kept.known = max(live.kept.known, head)
            live.kept.cursor = 0
            await core.vault.write([core.conversations.put(live.kept), *writes])
        core.feed.tell(event)

    async def _within(self, live: Live, answer: f.Envelopes) -> list[f.Envelope]:
        """Those that are new, in order: old ones must not make a reader ask for ever, and none
        moves the cursor beyond the end of the log."""
        new = [envelope for envelope in answer.envelopes if envelope.seq > live.kept.cursor]
        within = [envelope for envelope in new if envelope.seq <= answer.head]
        if len(within) < len(new):
            await self._core.report(live.id, None, _beyond(answer.head))
        return sorted(within, key=lambda envelope: envelope.seq)

    def _pushed_next(self, live: Live) -> list[f.Envelope]:
        """The pushed envelopes that continue the log right after the cursor."""
        run: list[f.Envelope] = []
        after = live.kept.cursor
        pushed = {envelope.seq: envelope for envelope in self._pushed.pop(live.id, [])}
        while after + 1 in pushed:
            after += 1
            run.append(pushed[after])
        return run

    # --- one stretch of a log ----------------------------------------------------------------

    @whole
    async def _take(self, live: Live, envelopes: Sequence[f.Envelope]) -> None:
        """Process, write, then tell. Raises Unreachable after writing what was done before."""
        interrupted: Unreachable | None = None
        outcome = Outcome()
        async with self._core.changing(live):
            start = live.kept.cursor
            for envelope in envelopes:
                if envelope.seq <= live.kept.cursor:
                    continue
                if live.kept.is_over:
                    break
                try:
                    await self._take_one(live, envelope, outcome)
                except Unreachable as error:
                    interrupted = error
                    break
                live.kept.cursor = envelope.seq
            if live.kept.cursor > start:
                writes = [self._core.conversations.put(live.kept), *outcome.writes]
                writes += self._core.save_group(live, epoch_moved=outcome.epoch_moved)
                await self._core.vault.write(writes)
        self._after(live, outcome)
        if interrupted is not None:
            raise interrupted

    def _after(self, live: Live, outcome: Outcome) -> None:
        self._acknowledge(live)
        for idempotency_id, seq in outcome.paid:
            self._core.fulfil(idempotency_id, seq)
        for event in outcome.events:
            self._core.feed.tell(event)
        self._epochs.look_after(live, moved=outcome.epoch_moved)

    def _acknowledge(self, live: Live) -> None:
        if live.kept.cursor > 0:
            self._core.transport.tell(f.Acknowledge(live.id, live.kept.cursor))

    async def _take_one(self, live: Live, envelope: f.Envelope, outcome: Outcome) -> None:
        """One envelope; everything wrong with it becomes a problem. Raises Unreachable."""
        read = max(live.kept.cursor, live.kept.known)
        if envelope.seq > read + 1:
            outcome.not_believed(self._core, live, envelope.seq, _gap(read, envelope.seq))
        try:
            own = envelope.sender == self._core.device.uri
            if own and await own_came_back(self._core, live, envelope, outcome):
                return
            await self._process(live, envelope, outcome)
        except (RemoteError, NameRefused) as error:
            self._note(live, envelope, error, outcome)

    async def _process(self, live: Live, envelope: f.Envelope, outcome: Outcome) -> None:
        core = self._core
        group = await core.group(live)
        if await self._epochs.own_commit_came_back(live, group, envelope, outcome):
            return
        staged = await core.judged(
            lambda judge: group.process(
                envelope.message,
                judge,
                core.now_s(),
                allow_external=self._epochs.allow_external(live),
            )
        )
        if isinstance(staged, StagedMessage):
            received = staged.accept()
            device = core.trust.device(received.credential)
            opened = Opened(device, received.epoch, received.plaintext, received.authenticated)
            await take_content(core, live, envelope, opened, outcome)
        elif isinstance(staged, StagedProposal):
            await self._epochs.take_proposal(group, staged)
            staged.accept()
            outcome.epoch_moved = True
        elif isinstance(staged, StagedCommit):
            await self._epochs.take_commit(live, group, staged, outcome)

    def _note(
        self, live: Live, envelope: f.Envelope, error: PlauschError, outcome: Outcome
    ) -> None:
        """What is wrong is noted, and whether it looks like a fork."""
        if envelope.sender == self._core.device.uri and isinstance(error, ProtocolError):
            return  # our own ciphertext, whose answer came long ago: we cannot open it, need not
        if envelope.seq <= live.kept.known and isinstance(error, ProtocolError):
            return  # read a second time: it was opened when it came first
        outcome.not_believed(self._core, live, envelope.seq, error)
        if _names_another_branch(live, envelope.message):
            outcome.events.append(ForkSuspected(live.id, None))

    # --- mailbox -----------------------------------------------------------------------------

    async def _mail(self) -> None:
        try:
            await self._core.patiently(lambda: self._fetch_mail(self._core.own.mailbox))
        except Unreachable:
            return  # the next connection asks again
        except ServerRefused as error:
            await self._core.report(None, None, error)

    async def _fetch_mail(self, after: int) -> None:
        """Join what we were invited to, and read those logs. Raises Unreachable, ServerRefused.

        `after` is 0 once on each connection: what was taken is not in the mailbox any more, unless
        its acknowledgement was lost, or its number was a lie behind which others would be hidden.
        """
        async with self._mail_lock:  # one at a time: two would join the same conversation twice
            last: int | None = after
            self._is_mail_left = self._is_mail_left and after > 0
            while last is not None:
                last = await self._fetch_some_mail(last)

    async def _fetch_some_mail(self, after: int) -> int | None:
        """Take the items after this one; the last of them, None when there are no more."""
        answer = await self._core.transport.ask(
            lambda request_id: f.ReadMailbox(request_id, after, MAILBOX_LIMIT), f.Mailbox
        )
        joined = [await self._take_item(item) for item in answer.items]
        for live in filter(None, joined):
            # One more than known: the answer says what the head really is.
            await self._catch_up_if_allowed(live, live.kept.cursor + 1)
            self._epochs.look_after(live, moved=True)  # what was owed before it was left or torn
        if any(joined):
            self._core.spawn(self._core.patiently(self._stock.refill))
        last = max((item.item for item in answer.items), default=after)
        return last if last > after else None

    async def _take_item(self, item: f.MailboxItem) -> Live | None:
        """Take a Welcome, once the log says what it is; until then it stays in the mailbox, and
        with it those behind it, which are taken all the same. Raises Unreachable."""
        try:
            is_anew = await self._read_before(item)
        except ServerRefused as error:
            self._is_mail_left = True
            await self._core.report(ConversationId(item.conversation), item.seq, error)
            return None
        return await self._joining.take(item, is_anew=is_anew, acknowledge=not self._is_mail_left)

    async def _read_before(self, item: f.MailboxItem) -> bool:
        """A Welcome for a conversation that this device is in: it comes a second time, or this
        device was removed before it and has not read so yet. Read up to the Welcome's Commit.

        Whether the server says that this device is in only after that Commit, though its log holds
        no removal: it is too old, or was not believed. Raises Unreachable, ServerRefused.
        """
        live = self._core.lives.get(ConversationId(item.conversation))
        if live is None or live.kept.state != "open":
            return False
        async with live.reading:
            while live.kept.cursor < item.seq and not live.kept.is_over:
                envelopes = await self._read(live)
                before = [envelope for envelope in envelopes if envelope.seq <= item.seq]
                if not before:
                    break
                await self._take(live, before)
        return max(live.kept.cursor, live.kept.known) < item.seq <= live.head

    # --- marks -------------------------------------------------------------------------------

    async def _take_cursor(self, push: f.CursorMoved) -> None:
        """A device of another participant has everything up to a seq."""
        core = self._core
        live = core.lives.get(ConversationId(push.conversation))
        try:
            account = DeviceAddress.parse_uri(push.device).account
        except NameRefused:
            return
        if live is None or account not in live.others(core.address):
            return
        await self._reach(live, account, push.seq)

    async def learn_marks(self) -> None:
        """Ask how far others have received what we sent, where that is not known yet.

        Raises Unreachable, ServerRefused.
        """
        core = self._core
        for conversation, last_seq in (await core.messages.last_outgoing()).items():
            live = core.lives[conversation]
            others = live.others(core.address)
            reached = await core.marks.reached(conversation)
            done = all(reached.get(address.uri, 0) >= last_seq for address in others)
            if done or live.kept.state != "open":
                continue
            answer = await core.transport.ask(
                lambda request_id, room=conversation: f.GetCursors(  # type: ignore[misc]
                    request_id, room
                ),
                f.Cursors,
            )
            for device, seq in answer.cursors:
                await self._take_cursor(f.CursorMoved(conversation, device, seq))

    async def _reach(self, live: Live, account: AccountAddress, seq: int) -> None:
        core = self._core
        before = await core.marks.reached(live.id)
        known = before.get(account.uri, 0)
        # A mark says something of messages of ours only, and of none that is still to come.
        seq = min(seq, max(live.kept.cursor, live.accepted))
        if seq <= known:
            return
        await core.vault.write([core.marks.reach(live.id, account, seq)])
        after = {**before, account.uri: seq}
        others = live.others(core.address)
        for row in await core.messages.outgoing(live.id, known, seq):
            reports = (await core.marks.reports([row.message_id])).get(row.message_id, {})
            was = state_of(row, others, before, reports)
            now = state_of(row, others, after, reports)
            if now is not was:
                core.feed.tell(StatusChanged(live.id, row.message_id, now))


def _shortened(after: int, head: int) -> RemoteError:
    return RemoteError(
        f"The server has {head} envelopes of a log of which this device has read {after}: it is "
        "read again from its beginning.",
        code="log_shortened",
    )


def _beyond(head: int) -> RemoteError:
    return RemoteError(
        f"The server delivered envelopes beyond the end of a log, which it says is at {head}: they "
        "were ignored.",
        code="beyond_log",
    )


def _gap(read: int, seq: int) -> RemoteError:
    return RemoteError(
        f"The server left out envelopes {read + 1} to {seq - 1} of a log: messages may be missing.",
        code="log_gap",
    )


def _names_another_branch(live: Live, message: bytes) -> bool:
    """Whether the mark beside a ciphertext that does not open is not of this device's epoch."""
    try:
        seen = parse_private_message(message)
    except ProtocolError:
        return False
    if not seen.authenticated:
        return False
    return is_fork(EpochMark(seen.epoch, mark_in(seen.authenticated)), live.authenticators)
