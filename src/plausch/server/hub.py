"""Who is online, and waking them after a commit (habit 7: wake, then read the log).

A push is encoded once and the same bytes go to every member. Nothing here is the truth: a push
that is lost or comes late is repaired by the device, which reads the log after its cursor.

Of several server processes (gateways) each has a hub; a bus carries to the others what is for
devices that are not connected here.

Whose push it is: envelopes of an epoch go to that epoch's members. What belongs to no epoch goes
to the members as they were in the database lately (`doubt`), because another server process may
have taken a Commit that this one has not heard of.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial

from plausch.base.errors import PlauschError
from plausch.server.hub_faces import Listening, Membership, Others, Waking
from plausch.server.pushes import deliveries, websocket_message
from plausch.server.records import DeviceRecord, Roster
from plausch.server.signals import (
    DeviceSignal,
    Ended,
    Entered,
    Handed,
    Here,
    HereAt,
    Minded,
    Replaced,
    Sought,
    Spread,
    Told,
    bits_of,
    places_of,
)
from plausch.server.whereabouts import Astray
from plausch.wire import frames as f
from plausch.wire.codec import encode

MANY = 256
"""With so many members that are not connected here, one signal goes to all gateways, each of which
knows the members; with fewer, each account's bucket is told."""

NOBODY = ""

Push = Callable[[Roster], None]
"""What is told to a conversation's members, once they are known."""


class Hub:
    """The devices online on this server process, by URI. Used from the event loop only."""

    def __init__(
        self,
        membership: Membership,
        inline_bytes: int,
        cursor_members: int,
        waking: Waking | None = None,
        others: Others | None = None,
    ) -> None:
        self._membership = membership
        self._inline_bytes = inline_bytes
        self._cursor_members = cursor_members
        self._waking = waking
        self._others = others
        self._entered_ms: dict[str, int] = {}  # only beside others
        self._unsure: set[str] = set()
        self._doubled: set[str] = set()  # connected here and, by what was heard, elsewhere
        self._handed: set[str] = set()  # given something by another gateway, not acknowledged
        self._missed: set[str] = set()
        self._lost = 0
        self._online: dict[str, Listening] = {}
        self._compared: set[bytes] = set()
        self._looking: dict[bytes, list[Push]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def enter(self, device: str, connection: Listening, at_ms: int) -> None:
        """The device is online with this connection; an older one of the same device ends."""
        older = self._online.get(device)
        self._online[device] = connection
        self._doubled.discard(device)
        self._handed.discard(device)
        if self._others is not None:
            self._entered_ms[device] = at_ms
            if older is not None:
                self._others.leave(device)
            self._others.enter(device, at_ms)
        if self._waking is not None:
            self._waking.came(device)
        if older is not None and older is not connection:
            older.close(*_REPLACED)

    @property
    def count(self) -> int:
        """How many devices are connected here."""
        return len(self._online)

    async def settled(self) -> None:
        """Return when pushes for the devices that have entered come here from every gateway."""
        if self._others is not None:
            await self._others.settled()

    @property
    def doubts(self) -> int:
        """Another number whenever pushes for any devices may have been lost."""
        return self._lost + (0 if self._others is None else self._others.doubts)

    @property
    def has_others(self) -> bool:
        """Whether there are other gateways, from which a push may be lost unnoticed."""
        return self._others is not None

    def take_missed(self) -> set[str]:
        """Devices that may have missed a push just now; each is named once."""
        missed, self._missed = self._missed, set()
        return missed

    def connected(self, devices: Iterable[str]) -> list[Listening]:
        """The connections of those that are connected here."""
        return [self._online[one] for one in devices if one in self._online]

    def leave(self, device: str, connection: Listening) -> None:
        """The connection is gone. A telephone that was put away is told to be connected for some
        time: what was pushed to it then, it has not got. It is woken, and looked for at the other
        gateways if one of them has handed something over."""
        if self._online.get(device) is connection:
            del self._online[device]
            if self._others is not None:
                del self._entered_ms[device]
                self._others.leave(device)
                if device in self._handed:
                    self._others.replaced(device)
            if self._waking is not None and device in self._unsure:
                self._waking.wake((device,))
            self._unsure.discard(device)
            self._doubled.discard(device)
            self._handed.discard(device)

    def appended(
        self,
        conversation: bytes,
        envelopes: Sequence[f.Envelope],
        quiet: Collection[int] = (),
    ) -> None:
        """The log grew by these envelopes (in order): tell the members, spare a lone sender; wake
        who is not connected, but for what is `quiet` (seqs)."""
        push = partial(self._push_appended, conversation, envelopes, quiet)
        roster = self._known(conversation)
        if roster is None:
            self._push_later(conversation, push)
            return
        if roster.epoch == envelopes[0].epoch:  # the append's statement compared it
            self._compared.add(conversation)
        push(roster)

    def committed(self, conversation: bytes, envelope: f.Envelope, devices: Iterable[str]) -> None:
        """A Commit was accepted: tell the members before and after it, `devices`."""
        others = [one for one in devices if one != envelope.sender]
        for message in deliveries(conversation, (envelope,), self._inline_bytes):
            self.to_devices(others, message)

    def mailbox_moved(self, device: str, item: int) -> None:
        """A Welcome lies in the device's mailbox."""
        self.to_devices((device,), websocket_message(encode(f.MailboxMoved(item))))
        self._wake((device,))

    def cursor_moved(self, conversation: bytes, device: str, seq: int) -> None:
        """The device acknowledged up to `seq`: tell the members of other accounts."""
        self._unsure.discard(device)
        self._handed.discard(device)
        push = partial(self._push_cursor, conversation, device, seq)
        roster = self.roster(conversation)
        if roster is None:
            self._push_later(conversation, push)
        else:
            push(roster)

    def ephemeral(self, roster: Roster, device: DeviceRecord, message: bytes) -> None:
        """Pass a message on that is stored nowhere, to the members of its epoch."""
        frame = websocket_message(encode(f.Ephemeral(roster.conversation, device.uri, message)))
        self._to_members(roster, 0, device.uri, (frame,))

    def device_list_moved(self, name: str, devices: Iterable[str]) -> None:
        """The account has a new device list: tell these devices, which share a conversation.

        All gateways are told: what is in no log is not made good by comparing with it.
        """
        message = websocket_message(encode(f.DeviceListMoved(name)))
        far = self._push_here(devices, message)
        if far and self._others is not None:
            self._others.tell_all(far, message)

    def disconnect(self, device: str, code: str, sentence: str) -> None:
        """End the device's connection, if it has one, here or elsewhere."""
        connection = self._online.get(device)
        if connection is not None:
            connection.close(code, sentence)
        elif self._others is not None:
            self._others.end(device, code, sentence)

    def to_devices(self, devices: Iterable[str], message: bytes) -> None:
        """Send a prepared message to those of the devices that are online."""
        far = self._push_here(devices, message)
        if far and self._others is not None:
            self._others.tell(far, message)

    def _push_here(self, devices: Iterable[str], message: bytes) -> list[str]:
        """Push to who is connected to this gateway; the others."""
        far, online = [], self._online.get
        for device in devices:
            connection = online(device)
            if connection is not None:
                connection.push(message)
            else:
                far.append(device)
        return far

    # --- what other gateways say ---------------------------------------------------------

    def hear(self, signal: DeviceSignal) -> None:
        """Act on a signal of another gateway."""
        match signal:
            case Handed(gateway, devices, message):
                self._take_over(gateway, devices, message)
            case Told(devices, message):
                self._push_here(devices, message)
            case Sought(gateway, devices):
                self._sought(gateway, devices)
            case Here(devices):
                if self._waking is not None:
                    for device in devices:
                        self._waking.came(device)
            case Entered():
                self._entered_elsewhere(signal)
            case Ended(device, code, sentence):
                connection = self._online.get(device)
                if connection is not None:
                    connection.close(code, sentence)
            case Replaced(device):
                if device in self._online:
                    self._missed.add(device)
            case Spread():
                self._hear_spread(signal)
            case HereAt():
                self._hear_of_members(signal)
            case Minded(gateway, devices):
                self._mind(gateway, devices)

    def _take_over(self, gateway: str, devices: Sequence[str], message: bytes) -> None:
        missing = self._push_here(devices, message)
        self._handed.update(devices)
        self._handed.difference_update(missing)
        if self._doubled:
            missing += self._doubled.intersection(devices)
        if missing and self._others is not None:
            self._others.pass_back(gateway, missing)
            self._others.tell_all(missing, message)

    def _mind(self, gateway: str, devices: Sequence[str]) -> None:
        missing = [device for device in devices if device not in self._online]
        self._unsure.update(device for device in devices if device in self._online)
        if missing and self._others is not None:
            self._others.pass_back(gateway, missing)
            self._rouse(missing)

    def gone_astray(self, what: Astray) -> None:
        """What another gateway was given for these devices may have come to nobody: wherever they
        are, they are compared with the log, and who is nowhere is woken."""
        if self._others is None:
            return
        for device in what.devices:
            if device in self._online:
                self._missed.add(device)
            else:
                self._others.replaced(device)
        self._rouse([device for device in what.minded if device not in self._online])

    def _hear_spread(self, signal: Spread) -> None:
        push = partial(self._take_spread, signal)
        roster = self._known(signal.conversation)
        if roster is None or roster.epoch < signal.epoch:
            self._push_later(signal.conversation, push)
        else:
            push(roster)

    def _take_spread(self, signal: Spread, roster: Roster) -> None:
        if roster.epoch == signal.epoch:
            self._push_here((uri for uri in roster.uris if uri != signal.author), signal.message)
        elif signal.head:  # as in _push_appended: members of another epoch read what is their own
            wake = encode(f.Delivery(signal.conversation, signal.head, []))
            self._push_here(roster.uris, websocket_message(wake))
        if not signal.wakes or self._others is None:
            return
        here = [
            place
            for place, uri in enumerate(roster.uris)
            if uri in self._online and not (signal.own and uri.startswith(signal.own))
        ]
        if here:
            self._unsure.update(roster.uris[place] for place in here)
            count = len(roster.uris)
            found = HereAt(signal.conversation, roster.epoch, count, bits_of(here, count))
            self._others.answer_spread(signal.gateway, found)

    def _hear_of_members(self, found: HereAt) -> None:
        roster = self._membership.known(found.conversation)
        if self._waking is None or roster is None or len(found.bits) != (found.count + 7) // 8:
            return
        if (roster.epoch, len(roster.uris)) == (found.epoch, found.count):
            for place in places_of(found.bits):
                if place < found.count:
                    self._waking.came(roster.uris[place])

    def _sought(self, gateway: str, devices: Sequence[str]) -> None:
        here = [device for device in devices if device in self._online]
        if here and self._others is not None:
            self._unsure.update(here)
            self._others.answer(gateway, here)

    def _entered_elsewhere(self, signal: Entered) -> None:
        """Of two connections of a device the younger one stays, also when both begin at once."""
        if self._waking is not None:
            self._waking.came(signal.device)
        connection = self._online.get(signal.device)
        if connection is None or self._others is None:
            return
        mine = (self._entered_ms[signal.device], self._others.gateway)
        if mine < (signal.at_ms, signal.gateway):
            connection.close(*_REPLACED)
            self._others.replaced(signal.device)
        else:  # by clocks that may differ: both are served until one of them ends
            self._doubled.add(signal.device)

    # --- whose push it is ----------------------------------------------------------------

    def roster(self, conversation: bytes) -> Roster | None:
        """The members, if they are in memory and were compared with the database lately."""
        return self._known(conversation) if conversation in self._compared else None

    async def look_up(self, conversation: bytes) -> Roster | None:
        """The members as the database has them now; None: there is no such conversation.

        Raises StorageUnavailable.
        """
        roster = await self._membership.load(conversation)
        if roster is not None:
            self._compared.add(conversation)
        return roster

    def doubt(self) -> None:
        """Time has passed: what is in memory has to be compared again before it is used."""
        self._compared.clear()

    def _known(self, conversation: bytes) -> Roster | None:
        """The members in memory; None also while others wait for them, to keep the order."""
        return None if conversation in self._looking else self._membership.known(conversation)

    def _push_later(self, conversation: bytes, push: Push) -> None:
        waiting = self._looking.setdefault(conversation, [])
        waiting.append(push)
        if len(waiting) == 1:
            task = asyncio.get_running_loop().create_task(self._look_up_and_push(conversation))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def untold(self) -> None:
        """Something that is in the log was told to nobody, here or elsewhere."""
        self._lost += 1
        if self._others is not None:
            self._others.untold()

    @property
    def owes_pushes(self) -> bool:
        """Whether pushes wait for a look into the database."""
        return bool(self._looking)

    async def _look_up_and_push(self, conversation: bytes) -> None:
        roster = None
        try:
            roster = await self.look_up(conversation)
        except PlauschError:  # only pushes are lost: devices read the log
            self.untold()
        finally:
            waiting = self._looking.pop(conversation)
        if roster is not None:
            for push in waiting:
                push(roster)

    def _push_appended(
        self,
        conversation: bytes,
        envelopes: Sequence[f.Envelope],
        quiet: Collection[int],
        roster: Roster,
    ) -> None:
        own = self._wake_for([one for one in envelopes if one.seq not in quiet], roster)
        if roster.epoch != envelopes[0].epoch:
            # A Commit was faster. Who was added by it may not have what was sent before: its
            # members are woken, and each reads what is its own.
            wake = websocket_message(encode(f.Delivery(conversation, envelopes[-1].seq, [])))
            self._to_members(roster, envelopes[-1].seq, NOBODY, (wake,), own)
            return
        first = envelopes[0].sender
        lone = first if all(one.sender == first for one in envelopes) else NOBODY
        messages = deliveries(conversation, envelopes, self._inline_bytes)
        self._to_members(roster, envelopes[-1].seq, lone, messages, own)

    def _to_members(
        self,
        roster: Roster,
        head: int,
        author: str,
        messages: Iterable[bytes],
        own: str | None = None,
    ) -> None:
        """Prepared messages to all members but `author`, by one signal when many of them are not
        here; `own` None: for nobody elsewhere it is worth a wake-up."""
        devices = [device for device in roster.uris if device != author]
        for message in messages:
            far = self._push_here(devices, message)
            if self._others is None or not far:
                continue
            if len(far) < MANY or not self._others.takes_spreads:
                self._others.tell(far, message)
                continue
            signal = Spread(
                self._others.gateway,
                roster.conversation,
                roster.epoch,
                head,
                author,
                message,
                own is not None,
                own or NOBODY,
            )
            self._others.spread(signal)
            own = None  # once is enough

    def _wake_for(self, envelopes: Sequence[f.Envelope], roster: Roster) -> str | None:
        """Wake for messages, not for what a device does by itself, and not its author's others:
        what their URIs begin with. None: nobody was woken, or each was sought by name."""
        authors = {_account(one.sender) for one in envelopes if one.kind == f.APPLICATION}
        if not authors:
            return None
        own = f"{authors.pop()}/" if len(authors) == 1 else NOBODY
        sought = self._wake(uri for uri in roster.uris if not own or not uri.startswith(own))
        return None if sought else own

    def _wake(self, devices: Iterable[str]) -> bool:
        """False: they are too many to be sought by name."""
        if self._waking is None:
            return True
        asleep = []
        for device in devices:
            if device in self._online:
                self._unsure.add(device)
            else:
                asleep.append(device)
        if self._others is not None:
            if len(asleep) >= MANY and self._others.takes_spreads:
                self._waking.wake(asleep)
                return False
            asleep = self._others.mind(asleep)
        self._rouse(asleep)
        return True

    def _rouse(self, devices: Sequence[str]) -> None:
        """Wake these, unless they are connected elsewhere."""
        if self._waking is None or not devices:
            return
        self._waking.wake(devices)
        if self._others is not None:
            self._others.seek(devices)

    def _push_cursor(self, conversation: bytes, device: str, seq: int, roster: Roster) -> None:
        if len(roster.uris) > self._cursor_members:
            return
        account = _account(device)
        is_seen = self._online.__contains__ if self._others is None else _everybody
        others = [uri for uri in roster.uris if is_seen(uri) and _account(uri) != account]
        if others:
            moved = encode(f.CursorMoved(conversation, device, seq))
            self.to_devices(others, websocket_message(moved))


_REPLACED = ("replaced", "This device has connected again; this connection ends.")


def _everybody(device: str) -> bool:
    return True


def _account(device: str) -> str:
    """The part of a device's URI that all devices of its account have."""
    return device.rpartition("/")[0]
