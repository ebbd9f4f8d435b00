"""A device of the simulation: a small honest model of the client (spec/wire.md, delivery.md).

It walks the real `ClientSession`, so that every frame is checked against the protocol's tables. Its
vault is `view.py`: it moves in one step, as a transaction would, and survives any loss of the
connection. What it owes it sends one by one in each conversation, with one idempotency id for as
long as it takes; after a refusal because of the epoch it reads, and sends anew.

Why no real SDK: its device encrypts, signs and writes a vault for each message, tens of
milliseconds for a small world; a thousand seeds would take many minutes instead of one. What the
SDK does with its keys is for tests/scenes.
"""

from collections.abc import Callable
from typing import Any

from plausch.identity.login import sign_login
from plausch.wire import frames as f
from plausch.wire.codec import WireError
from plausch.wire.session import ClientSession, State
from simulation.history import COMES_AND_GOES, FIRST, History
from simulation.view import Owed, View
from simulation.virtual_loop import NOBODY, Cue, VirtualLoop
from simulation.weather import Dice, Weather
from simulation.wire import Incoming, Wire

ANSWER_TIMEOUT_S = 30.0
PING_AFTER_S = 20.0
PONG_WITHIN_S = 20.0
LOOK_EVERY_S = 5.0
FIRST_DELAY_S, LONGEST_DELAY_S = 0.3, 3.0
"""A device is never back sooner, which is what clocks of gateways have to agree within."""

Promise = tuple[str, bytes, str, bytes, int, int]
"""(device, conversation, name, idempotency id, seq, accepted_at_ms)"""


class Device:
    """One device, for the whole run."""

    def __init__(
        self,
        name: str,
        loop: VirtualLoop,
        history: History,
        weather: Weather,
        dice: Dice,
        connect: Callable[[Wire], bool],
        note: Callable[..., None],
        fault: Callable[[str], None],
        check_mark: Callable[[str, bytes, int], None],
    ) -> None:
        self._check_mark = check_mark
        self.name, self.uri = name, history.uris[name]
        self.views: dict[bytes, View] = {}
        self.promises: list[Promise] = []
        self.dropped: list[bytes] = []
        """Commits that another one forestalled."""
        self.refused_as_stranger: set[bytes] = set()
        self.received: dict[bytes, set[int]] = {}
        """Whatever came, shown or not."""

        self.wants_online = self.has_left = False
        self.wire: Wire | None = None
        self.connections = 0
        self._loop, self._history, self._weather, self._dice = loop, history, weather, dice
        self._connect, self._note, self._fault = connect, note, fault
        self._session = ClientSession()
        self._incoming = Incoming()
        self._asked: dict[int, tuple[float, View | None, Owed | None]] = {}
        self._moved: list[f.Moved] = []
        self._mailbox_item = 0
        self._is_fetching = False
        self._attempt = 0
        self._rest_s = 0.0
        self._heard_s = 0.0
        self._coming: Cue | None = None

    # --- what the run asks -------------------------------------------------------------------

    @property
    def is_settled(self) -> bool:
        """Connected, and owes nothing."""
        return (
            self._session.state is State.RESUMED
            and not self._asked
            and not any(view.outbox for view in self.views.values())
        )

    def come(self) -> None:
        """Be online from now on."""
        self.wants_online = not self.has_left
        if self.wire is None and self._coming is None:
            self._coming = self._loop.call_soon(self._begin, context=NOBODY)

    def go(self) -> None:
        """Be offline from now on."""
        self.wants_online = False
        if self.wire is not None:
            self.wire.hang_up()
            self._ended()

    def say(self, conversation: bytes, owed: Owed) -> None:
        """Owe something to a conversation, if the device is in it."""
        view = self.views.get(conversation)
        if view is not None and view.is_member:
            view.outbox.append(owed)
            self._pay(view)

    # --- connecting --------------------------------------------------------------------------

    def _begin(self) -> None:
        self._coming = None
        if not self.wants_online or self.wire is not None:
            return
        self.connections += 1
        number = int(self.uri[-1], 16) + 64 * self.connections + 8 * (ord(self.name[0]) % 8)
        loop, weather, dice = self._loop, self._weather, self._dice
        wire = Wire(loop, weather, dice, number, self._take_raw, self._ended)
        self._session, self._incoming = ClientSession(), Incoming()
        self._asked.clear()
        self._is_fetching = False
        self._heard_s = loop.now_s
        self.wire = wire
        if not self._connect(wire):
            wire.device_gone = True
            self._ended()
            return
        loop.call_later(LOOK_EVERY_S, self._look, wire, context=NOBODY)

    def _ended(self) -> None:
        """The connection is gone: come back, each time a little later."""
        self._note(self.name, "disconnected")
        self.wire = None
        self._session.state = State.CLOSED
        for view in self.views.values():
            view.is_reading = False
            # Resume says where each conversation stands. What a joiner took to be there, to ask for
            # it, may be nothing.
            view.head = view.cursor
            for owed in view.outbox:
                owed.asked.clear()
        self._asked.clear()
        self._moved.clear()
        if self.wants_online and self._coming is None:
            bound_s = min(LONGEST_DELAY_S, 2 * FIRST_DELAY_S * 2**self._attempt)
            rest_s = self._rest_s + self._dice.uniform(FIRST_DELAY_S, bound_s)
            self._attempt = min(self._attempt + 1, 8)
            self._rest_s = 0.0
            self._coming = self._loop.call_later(rest_s, self._begin, context=NOBODY)

    def _look(self, wire: Wire) -> None:
        """Is anybody there?"""
        if wire is not self.wire:
            return
        silent_s = self._loop.now_s - self._heard_s
        oldest_s = min((at_s for at_s, _, _ in self._asked.values()), default=self._loop.now_s)
        if (
            silent_s > PING_AFTER_S + PONG_WITHIN_S
            or self._loop.now_s - oldest_s > ANSWER_TIMEOUT_S
        ):
            wire.hang_up()
            self._ended()
            return
        if silent_s > PING_AFTER_S:
            wire.ping()
        self._loop.call_later(LOOK_EVERY_S, self._look, wire, context=NOBODY)

    # --- in ------------------------------------------------------------------------------------

    def _take_raw(self, raw: bytes) -> None:
        self._heard_s = self._loop.now_s
        wire = self.wire
        for opcode, payload in self._incoming.feed(raw):
            if wire is None or self.wire is not wire:
                return
            if opcode == 0x9:
                wire.pong()
            elif opcode == 0x8:
                wire.hang_up()
                self._ended()
            elif opcode == 0x2 and self._session.state is not State.CLOSED:
                try:
                    frame = self._session.receive_bytes(payload)
                except WireError as error:
                    self._fault(f"{self.name}: the server broke the protocol: {error}")
                    return
                self._take(frame)

    def _take(self, frame: Any) -> None:
        self._note(self.name, "<-", type(frame).__name__, *_brief(frame))
        match frame:
            case f.Hello():
                person = self._history.people[self.name]
                signature = sign_login(person.key, frame.domain, frame.nonce, person.device)
                self._ask(lambda number: f.Login(number, self.uri, signature))
            case f.LoggedIn():
                self._answered(frame.id)
                self._ask(lambda number: f.Resume(number, b""))
            case f.Resumed():
                self._answered(frame.id)
                self._resumed(frame)
            case f.Delivery():
                self._grown(frame.conversation, frame.head, frame.envelopes)
            case f.Envelopes():
                self._read(frame)
            case f.MailboxMoved():
                self._fetch()
            case f.Mailbox():
                self._answered(frame.id)
                self._fetched(frame)
            case f.Appended():
                self._appended(frame)
            case f.Refused():
                self._refused(frame)
            case f.CursorMoved():
                self._check_mark(frame.device, frame.conversation, frame.seq)
            case f.Closing():
                self._rest_s = frame.retry_after_ms / 1000

    def _resumed(self, frame: f.Resumed) -> None:
        self._attempt = 0
        self._moved += frame.moved
        if frame.more:
            last = frame.moved[-1].conversation
            self._ask(lambda number: f.Resume(number, last))
            return
        if frame.mailbox:
            self._fetch()  # what is in it may be what has moved
        else:
            self._catch_up()

    def _catch_up(self) -> None:
        moved, self._moved = self._moved, []
        for one in moved:
            view = self.views.get(one.conversation)
            if view is None:  # nothing of it can be opened: nothing of it has to wait
                self._tell(f.Acknowledge(one.conversation, one.head))
                continue
            if one.cursor < view.cursor:  # an acknowledgement was lost
                self._tell(f.Acknowledge(view.conversation, view.cursor))
            self._grown(one.conversation, one.head, [])
        for view in self.views.values():
            self._pay(view)

    def _grown(self, conversation: bytes, head: int, envelopes: list[f.Envelope]) -> None:
        self.received.setdefault(conversation, set()).update(one.seq for one in envelopes)
        view = self.views.get(conversation)
        if view is None:
            return
        view.head = max(view.head, head)
        if view.take(envelopes):
            self._shown(view)
        self._read_on(view)
        self._pay(view)

    def _read_on(self, view: View) -> None:
        if view.cursor < view.head and view.is_member and not view.is_reading and self._is_online:
            view.is_reading = True
            limit = self._dice.choice((1, 3, 500))
            after, where = view.cursor, view.conversation
            self._ask(lambda number: f.Read(number, where, after, limit), view)

    def _read(self, frame: f.Envelopes) -> None:
        view = self._answered(frame.id)
        assert view is not None
        view.is_reading = False
        self.received.setdefault(frame.conversation, set()).update(
            one.seq for one in frame.envelopes
        )
        before = view.cursor
        if view.take(frame.envelopes):
            self._shown(view)
        if view.cursor > before:
            view.head = max(view.head, frame.head)
        else:  # what was pushed may be beyond what this device may read
            view.head = max(view.cursor, frame.head)
        self._read_on(view)
        self._pay(view)

    def _shown(self, view: View) -> None:
        self._note(self.name, "has", view.conversation[:1].hex(), view.cursor)
        self._tell(f.Acknowledge(view.conversation, view.cursor))

    # --- Welcomes ------------------------------------------------------------------------------

    def _fetch(self) -> None:
        if not self._is_fetching:
            self._is_fetching = True
            after = self._mailbox_item
            self._ask(lambda number: f.ReadMailbox(number, after, 50))

    def _fetched(self, frame: f.Mailbox) -> None:
        self._is_fetching = False
        for item in frame.items:
            if item.item <= self._mailbox_item:
                self._fault(f"{self.name}: mailbox item {item.item} came twice")
            self._mailbox_item = item.item
            target, step = self._history.by_welcome[item.welcome]
            if target != self.name:
                self._fault(f"{self.name}: has a Welcome for {target}")
            view = self.views.get(item.conversation)
            if view is None:
                view = self._new_view(item.conversation)
            view.join(item.seq, step)
            self._note(self.name, "joins", item.conversation[:1].hex(), item.seq)
            view.head = max(view.head, view.cursor + 1)  # the answer says what it really is
            self._read_on(view)
        if frame.items:
            self._tell(f.AcknowledgeMailbox(self._mailbox_item))
            self._fetch()
        else:
            self._catch_up()

    def _new_view(self, conversation: bytes) -> View:
        view = View(self.name, conversation, self._history, self._history.root, fault=self._fault)
        view.is_member = False
        view.cursor = 0
        self.views[conversation] = view
        return view

    # --- what it owes ----------------------------------------------------------------------------

    def _pay(self, view: View) -> None:
        """Send the first thing that is owed, when its epoch is known."""
        while view.outbox and view.outbox[0].answer is not None:
            view.outbox.popleft()
        if not view.outbox or not self._is_online or view.is_reading or not view.is_member:
            return
        owed = view.outbox[0]
        if owed.asked or view.cursor < view.head or view.epoch < view.stale_epoch:
            return
        times = 2 if self._dice.chance(self._weather.repeats) else 1
        for _ in range(times):
            if owed.target is None:
                self._append(view, owed)
            elif not self._commit(view, owed):
                view.outbox.popleft()
                self._pay(view)
                return

    def _append(self, view: View, owed: Owed) -> None:
        message = view.message(owed)
        where, epoch, once = view.conversation, view.epoch, owed.idempotency_id
        owed.sent.add((epoch, f.APPLICATION, message))
        self._note(self.name, "sends", owed.name, "in epoch", epoch)
        owed.asked.add(
            self._ask(
                lambda number: f.Append(number, where, epoch, f.APPLICATION, message, once),
                view,
                owed,
            )
        )

    def _commit(self, view: View, owed: Owed) -> bool:
        """Whether the Commit makes sense now."""
        assert owed.target is not None
        if view.conversation != FIRST or owed.target == self.name:
            return False
        if owed.target and owed.target not in COMES_AND_GOES:
            return False
        step = self._history.step(view.branch, self.name, owed.target)
        welcomed = [self._history.uris[owed.target]] if step.welcome else []
        epoch, once = view.epoch, owed.idempotency_id
        owed.sent.add((epoch, f.COMMIT, step.commit))
        self._note(self.name, "commits", owed.name, "in epoch", epoch, owed.target)
        owed.asked.add(
            self._ask(
                lambda number: f.AppendCommit(
                    number,
                    FIRST,
                    epoch,
                    step.commit,
                    once,
                    step.group_info,
                    step.welcome,
                    welcomed,
                ),
                view,
                owed,
            )
        )
        return True

    def _appended(self, frame: f.Appended) -> None:
        _, view, owed = self._asked.pop(frame.id)
        assert view is not None and owed is not None
        answer = (frame.seq, frame.accepted_at_ms)
        if owed.answer not in (None, answer):
            self._fault(f"{self.name}: {owed.name} was answered {owed.answer}, then {answer}")
        owed.answer = answer
        owed.asked.discard(frame.id)
        self.promises.append(
            (self.name, view.conversation, owed.name, owed.idempotency_id, *answer)
        )
        self._grown(view.conversation, frame.seq, self._own(owed, frame))

    def _own(self, owed: Owed, frame: f.Appended) -> list[f.Envelope]:
        """What the log has there, if it can only be what was sent; else it has to be read."""
        if len(owed.sent) != 1:
            return []
        epoch, kind, message = next(iter(owed.sent))
        at_ms = frame.accepted_at_ms
        return [f.Envelope(frame.seq, epoch, kind, at_ms, self.uri, message, b"")]

    def _refused(self, frame: f.Refused) -> None:
        at = self._asked.pop(frame.id, None)
        view, owed = (None, None) if at is None else at[1:]
        if frame.code not in _EXPECTED:
            self._fault(f"{self.name}: refused with {frame.code}: {frame.sentence}")
        if owed is not None and view is not None:
            owed.asked.discard(frame.id)
            self._refused_owed(view, owed, frame)
        elif view is not None:
            view.is_reading = False
            if frame.code == "unknown_conversation":
                self._fault(f"{self.name}: may not read a conversation that it has been in")
            self._loop.call_later(1.0, self._again, self.wire, context=NOBODY)
        elif frame.id and self.wire is not None:  # login, resume, mailbox: begin anew
            self.wire.hang_up()
            self._ended()

    def _refused_owed(self, view: View, owed: Owed, frame: f.Refused) -> None:
        if owed.answer is not None:
            return  # the other one of two was taken
        if frame.code == "stale_epoch":
            view.stale_epoch = frame.epoch
            if owed.target is not None and not owed.asked:
                self.dropped.append(owed.idempotency_id)
                view.outbox.remove(owed)
            self._grown(view.conversation, frame.head, [])
        elif frame.code == "unknown_conversation":
            self.refused_as_stranger.add(view.conversation)
            view.outbox.clear()
            self._grown(view.conversation, view.cursor + 1, [])
        else:
            self._loop.call_later(1.0, self._again, self.wire, context=NOBODY)

    def _again(self, wire: Wire) -> None:
        if wire is self.wire:
            for view in self.views.values():
                self._read_on(view)
                self._pay(view)

    # --- out -----------------------------------------------------------------------------------

    @property
    def _is_online(self) -> bool:
        return self._session.state is State.RESUMED and self.wire is not None

    def _ask(
        self,
        build: Callable[[int], f.ClientFrame],
        view: View | None = None,
        owed: Owed | None = None,
    ) -> int:
        number = self._session.next_id()
        self._asked[number] = (self._loop.now_s, view, owed)
        self._tell(build(number))
        return number

    def _tell(self, frame: f.ClientFrame) -> None:
        assert self.wire is not None
        self._note(self.name, "->", type(frame).__name__, *_brief(frame))
        self.wire.send(self._session.send_frame(frame))

    def _answered(self, number: int) -> View | None:
        return self._asked.pop(number)[1]


_EXPECTED = {"stale_epoch", "unknown_conversation", "storage_unavailable"}


def _brief(frame: Any) -> tuple[object, ...]:
    """What a trace says of a frame; nothing random."""
    match frame:
        case f.Delivery():
            return frame.conversation[:1].hex(), frame.head, [one.seq for one in frame.envelopes]
        case f.Envelopes():
            return frame.conversation[:1].hex(), frame.head, [one.seq for one in frame.envelopes]
        case f.Appended():
            return frame.id, frame.seq
        case f.Refused():
            return frame.id, frame.code, frame.epoch, frame.head
        case f.Resumed():
            return [(one.conversation[:1].hex(), one.cursor, one.head) for one in frame.moved], (
                frame.mailbox
            )
        case f.CursorMoved():
            return frame.conversation[:1].hex(), frame.device, frame.seq
        case f.Closing():
            return (frame.code,)
        case f.Acknowledge():
            return frame.conversation[:1].hex(), frame.seq
        case f.Read():
            return frame.conversation[:1].hex(), frame.after
        case f.MailboxMoved() | f.AcknowledgeMailbox():
            return (frame.item,)
        case f.Mailbox():
            return tuple(one.item for one in frame.items)
    return ()
