"""From a frame to the service that carries it out, and from its result to the answer.

Two tables by frame type: what is done at once (appends are collected for the next batch, cursors,
ephemeral messages) and what takes a coroutine. A refusal becomes `Refused`. Pushes go out after
the commit (habit 5: act, then tell).
"""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from plausch.base.clock import Clock
from plausch.base.durations import MINUTE_MS
from plausch.base.errors import Fault, PlauschError
from plausch.server import ephemerals
from plausch.server.backups import Kept
from plausch.server.devices import ListMoved
from plausch.server.errors import REMOVED, Refusal
from plausch.server.hub import Hub
from plausch.server.limits import KIB, Limits
from plausch.server.logins import Logins
from plausch.server.profile_requests import profile_requests
from plausch.server.records import Accepted, DeviceRecord, Roster
from plausch.server.services import Services
from plausch.server.tracing import Span, untraced
from plausch.wire import frames as f
from plausch.wire.session import State, refused

if TYPE_CHECKING:
    from plausch.server.connection import Connection

log = logging.getLogger("plausch.server")

COMPLAINT_PAUSE_MS = 10_000
"""At most this often the log says that requests fail: a full disk fails thousands a second."""

APPEND_BYTES = 4 * KIB
"""An append counts once more for each of these among those of its connection that are not answered:
while a disk is slow they lie in memory, of all connections."""

RETRY_MS = 1_000
"""When the server itself failed: how soon a device may ask again."""


Quick = Callable[["Connection", Any], bool]
"""Done at once; False: it takes a coroutine this time."""

Slow = Callable[["Connection", Any], Awaitable[f.ServerFrame | None]]


class Dispatch:
    """Carries out what connections ask for."""

    def __init__(self, services: Services, hub: Hub, clock: Clock, limits: Limits) -> None:
        self._services = services
        self.span: Span = untraced
        self._hub = hub
        self._clock = clock
        self._complained_ms = 0
        self.refused: Counter[str] = Counter()
        """By their codes, for the operator's figures."""
        # Connections forget their count when the edge visits them, every `silence_ms`.
        self._most_ephemerals = limits.ephemerals_per_minute * limits.silence_ms // MINUTE_MS
        self.logins = Logins(services.devices, services.regime, hub, clock)
        self.pairings = services.pairings
        self._quick: dict[type[f.Frame], Quick] = {
            f.Append: self._append,
            f.Acknowledge: self._acknowledge,
            f.SendEphemeral: self._ephemeral,
            f.SendPairing: self._send_pairing,
            f.EndPairing: self._end_pairing,
        }
        self._slow: dict[type[f.Frame], Slow] = {
            f.Register: self._register,
            f.Login: self.logins.log_in,
            f.GetAccount: self._get_account,
            f.PublishDeviceList: self._publish_device_list,
            f.GetCertificate: self._get_certificate,
            f.UploadKeyPackages: self._upload_key_packages,
            f.ClaimKeyPackages: self._claim_key_packages,
            f.CreateConversation: self._create_conversation,
            f.AppendCommit: self._append_commit,
            f.Read: self._read,
            f.Resume: self._resume,
            f.GetGroupInfo: self._get_group_info,
            f.GetCursors: self._get_cursors,
            f.ReadMailbox: self._read_mailbox,
            f.AcknowledgeMailbox: self._acknowledge_mailbox,
            f.Acknowledge: self._look_up_and_acknowledge,
            f.SendEphemeral: self._look_up_and_send,
            f.BeginBlob: self._begin_blob,
            f.PutBlobChunk: self._put_blob_chunk,
            f.GetBlobChunk: self._get_blob_chunk,
            f.DropBlob: self._drop_blob,
            f.KeepBackup: self._keep_backup,
            f.DropBackup: self._drop_backup,
            f.OpenPairing: self._open_pairing,
            f.GetBackup: self._get_backup,
            f.AdoptDevice: self._adopt_device,
            f.SetWakeUp: self._set_wake_up,
            f.DropWakeUp: self._drop_wake_up,
            f.GetWakeUpKey: self._get_wake_up_key,
            f.Report: self._report,
            **profile_requests(services.profiles),
        }

    def at_once(self, connection: "Connection", frame: f.ClientFrame) -> bool:
        """Do it now if it can be done without waiting."""
        refusal = self._services.regime.refusal(frame)
        if refusal is not None:
            self.refused[refusal.code] += 1
            connection.send(refusal)
            return True
        quick = self._quick.get(type(frame))
        return quick is not None and quick(connection, frame)

    async def carry_out(
        self, connection: "Connection", frame: f.ClientFrame
    ) -> f.ServerFrame | None:
        """Do what takes a while; its answer, or None for a frame that has none."""
        request_id = getattr(frame, "id", 0)
        try:
            with self.span(type(frame).__name__):
                return await self._slow[type(frame)](connection, frame)
        except PlauschError as error:
            if isinstance(frame, _PROOFS) and error.fault is not Fault.OPERATOR:
                connection.failures += 1
            return self._refuse(request_id, error)
        except Exception as error:  # a bug of ours: the device gets a sentence, the log the place
            log.error("%s failed unexpectedly.", type(frame).__name__, exc_info=error)
            return refused(
                request_id,
                "internal",
                "The server failed to do this; its operator finds the reason in the log.",
                Fault.OPERATOR,
                RETRY_MS,
            )

    async def drain(self) -> None:
        """Wait until everything that was submitted is on disk and answered; give back what is not
        used of allowances."""
        await self._services.close()

    # --- opening -------------------------------------------------------------------------

    async def _register(self, connection: "Connection", frame: f.Register) -> f.ServerFrame:
        await self._services.callers.registers(connection.address)
        await self._services.accounts.register(
            frame.name, frame.kind, frame.invitation, frame.certificate, frame.device_list
        )
        return f.Done(frame.id)

    # --- accounts, devices, key packages -------------------------------------------------

    async def _get_account(self, connection: "Connection", frame: f.GetAccount) -> f.ServerFrame:
        found = await self._services.accounts.get(frame.name)
        return f.Account(frame.id, found.name, found.kind, found.identity_key, found.device_list)

    async def _publish_device_list(
        self, connection: "Connection", frame: f.PublishDeviceList
    ) -> f.ServerFrame:
        device = speaker(connection)
        moved = await self._services.devices.publish_list(
            device, frame.device_list, frame.certificates
        )
        self._tell_of_list(moved, device.uri)
        return f.Done(frame.id)

    async def _get_certificate(
        self, connection: "Connection", frame: f.GetCertificate
    ) -> f.ServerFrame:
        one = speaker(connection)
        return f.Certificate(frame.id, await self._services.devices.certificate(one, frame.device))

    def _tell_of_list(self, moved: ListMoved, publisher: str) -> None:
        self._hub.device_list_moved(
            moved.name, [one for one in moved.interested if one != publisher]
        )
        for uri in moved.removed:
            self._hub.disconnect(uri, *REMOVED)

    async def close_unlisted(self, connections: Sequence["Connection"]) -> None:
        """End the sessions of devices that are not listed any more: another server process may
        have taken the list without them."""
        speaking = {one.device.key: one for one in connections if one.device is not None}
        if not speaking:
            return
        try:
            listed = await self._services.devices.listed(list(speaking))
        except PlauschError as error:
            self._refuse(0, error)  # nobody asked; the operator is told
            return
        for key, connection in speaking.items():
            if key not in listed:
                connection.close(*REMOVED)

    async def _upload_key_packages(
        self, connection: "Connection", frame: f.UploadKeyPackages
    ) -> f.ServerFrame:
        device = speaker(connection)
        interested = await self._services.key_packages.upload(
            device, frame.key_packages, frame.last_resort
        )
        # A new device is listed before it can leave a package: now the others can add it.
        self._hub.device_list_moved(device.name, [one for one in interested if one != device.uri])
        return f.Done(frame.id)

    async def _claim_key_packages(
        self, connection: "Connection", frame: f.ClaimKeyPackages
    ) -> f.ServerFrame:
        claimed = await self._services.key_packages.claim(
            speaker(connection), frame.name, frame.suite, frame.devices
        )
        return f.KeyPackages(frame.id, claimed)

    # --- conversations and logs ----------------------------------------------------------

    async def _create_conversation(
        self, connection: "Connection", frame: f.CreateConversation
    ) -> f.ServerFrame:
        await self._services.conversations.create(
            speaker(connection), frame.conversation, frame.group_info
        )
        return f.Done(frame.id)

    async def _get_group_info(
        self, connection: "Connection", frame: f.GetGroupInfo
    ) -> f.ServerFrame:
        raw = await self._services.conversations.group_info(speaker(connection), frame.conversation)
        return f.GroupInfo(frame.id, frame.conversation, raw)

    async def _get_cursors(self, connection: "Connection", frame: f.GetCursors) -> f.ServerFrame:
        cursors = await self._services.delivery.cursors(speaker(connection), frame.conversation)
        return f.Cursors(frame.id, frame.conversation, cursors)

    async def _append_commit(
        self, connection: "Connection", frame: f.AppendCommit
    ) -> f.ServerFrame:
        done = await self._services.delivery.append_commit(speaker(connection), frame)
        return f.Appended(frame.id, done.seq, done.accepted_at_ms)

    async def _read(self, connection: "Connection", frame: f.Read) -> f.ServerFrame:
        found = await self._services.delivery.read(
            speaker(connection), frame.conversation, frame.after, frame.limit
        )
        return f.Envelopes(frame.id, frame.conversation, found.envelopes, found.head)

    async def _resume(self, connection: "Connection", frame: f.Resume) -> f.ServerFrame:
        await self._hub.settled()  # what comes after this look is pushed
        standing = await self._services.delivery.resume(speaker(connection), frame.after)
        return f.Resumed(frame.id, standing.moved, standing.mailbox, standing.more)

    async def _read_mailbox(self, connection: "Connection", frame: f.ReadMailbox) -> f.ServerFrame:
        items = await self._services.delivery.read_mailbox(
            speaker(connection), frame.after, frame.limit
        )
        return f.Mailbox(frame.id, items)

    async def _acknowledge_mailbox(
        self, connection: "Connection", frame: f.AcknowledgeMailbox
    ) -> None:
        await self._services.delivery.acknowledge_mailbox(speaker(connection), frame.item)

    async def _look_up_and_acknowledge(
        self, connection: "Connection", frame: f.Acknowledge
    ) -> None:
        await self._services.delivery.look_up_and_acknowledge(
            speaker(connection), frame.conversation, frame.seq
        )

    async def _look_up_and_send(self, connection: "Connection", frame: f.SendEphemeral) -> None:
        self._pass_on(connection, frame, await self._hub.look_up(frame.conversation))

    # --- blobs ---------------------------------------------------------------------------

    async def _begin_blob(self, connection: "Connection", frame: f.BeginBlob) -> f.ServerFrame:
        stands = await self._services.blobs.begin(
            speaker(connection), frame.blob, frame.length, frame.digest
        )
        return f.BlobStands(frame.id, stands.offset, stands.length)

    async def _put_blob_chunk(
        self, connection: "Connection", frame: f.PutBlobChunk
    ) -> f.ServerFrame:
        stands = await self._services.blobs.put(
            speaker(connection), frame.blob, frame.offset, frame.chunk
        )
        return f.BlobStands(frame.id, stands.offset, stands.length)

    async def _get_blob_chunk(
        self, connection: "Connection", frame: f.GetBlobChunk
    ) -> f.ServerFrame:
        piece = await self._services.blobs.get(
            speaker(connection), frame.blob, frame.offset, frame.limit
        )
        return f.BlobChunk(frame.id, piece.length, piece.chunk)

    async def _drop_blob(self, connection: "Connection", frame: f.DropBlob) -> f.ServerFrame:
        await self._services.blobs.drop(speaker(connection), frame.blob)
        return f.Done(frame.id)

    # --- wake-ups ------------------------------------------------------------------------

    async def _set_wake_up(self, connection: "Connection", frame: f.SetWakeUp) -> f.ServerFrame:
        await self._services.wake_ups.set(speaker(connection), frame.endpoint)
        return f.Done(frame.id)

    async def _drop_wake_up(self, connection: "Connection", frame: f.DropWakeUp) -> f.ServerFrame:
        await self._services.wake_ups.drop(speaker(connection))
        return f.Done(frame.id)

    async def _get_wake_up_key(
        self, connection: "Connection", frame: f.GetWakeUpKey
    ) -> f.ServerFrame:
        return f.WakeUpKey(frame.id, self._services.wake_ups.key)

    async def _report(self, connection: "Connection", frame: f.Report) -> f.ServerFrame:
        await self._services.reports.take(speaker(connection), frame)
        return f.Done(frame.id)

    # --- backups -------------------------------------------------------------------------

    async def _keep_backup(self, connection: "Connection", frame: f.KeepBackup) -> f.ServerFrame:
        kept = Kept(frame.lookup, frame.adoption_key, frame.record, frame.believed)
        await self._services.backups.keep(speaker(connection), kept, frame.blob)
        return f.Done(frame.id)

    async def _drop_backup(self, connection: "Connection", frame: f.DropBackup) -> f.ServerFrame:
        await self._services.backups.drop(speaker(connection))
        return f.Done(frame.id)

    async def _get_backup(self, connection: "Connection", frame: f.GetBackup) -> f.ServerFrame:
        await self._services.callers.recovers(connection.address)
        found = await self._services.backups.get(frame.name, frame.capability)
        return f.Backup(frame.id, found.kept_at_ms, found.record, found.kind, found.device_list)

    async def _adopt_device(self, connection: "Connection", frame: f.AdoptDevice) -> f.ServerFrame:
        await self._services.callers.recovers(connection.address)
        moved = await self._services.devices.adopt(
            frame.name, connection.nonce, frame.device_list, frame.certificate, frame.signature
        )
        self._tell_of_list(moved, "")
        return f.Done(frame.id)

    async def _open_pairing(
        self, connection: "Connection", frame: f.OpenPairing
    ) -> f.ServerFrame | None:
        begins = not self.pairings.has(frame.pairing)
        await self._services.callers.pairs(connection.address, begins=begins)
        if connection.session.state is State.CLOSED:
            return None
        self.pairings.open(connection, frame.pairing, frame.side, frame.token, frame.after)
        connection.pairs()
        return f.Done(frame.id)

    # --- at once -------------------------------------------------------------------------

    def _send_pairing(self, connection: "Connection", frame: f.SendPairing) -> bool:
        step = partial(self.pairings.send, connection, frame.number, frame.message)
        return self._answered(connection, frame.id, step)

    def _end_pairing(self, connection: "Connection", frame: f.EndPairing) -> bool:
        return self._answered(connection, frame.id, partial(self.pairings.end, connection))

    def _answered(
        self, connection: "Connection", request_id: int, step: Callable[[], None]
    ) -> bool:
        try:
            step()
        except Refusal as refusal:
            connection.send(refusal_frame(request_id, refusal))
        else:
            connection.send(f.Done(request_id))
        return True

    def _append(self, connection: "Connection", frame: f.Append) -> bool:
        weight = 1 + len(frame.message) // APPEND_BYTES
        connection.append_submitted(weight)
        self._services.delivery.submit(
            speaker(connection), frame, partial(self._answer_append, connection, frame.id, weight)
        )
        return True

    def _answer_append(
        self,
        connection: "Connection",
        request_id: int,
        weight: int,
        result: Accepted | PlauschError,
    ) -> None:
        if isinstance(result, Accepted):
            answer: f.ServerFrame = f.Appended(request_id, result.seq, result.accepted_at_ms)
        else:
            answer = self._refuse(request_id, result)
        connection.append_answered(answer, weight)

    def _refuse(self, request_id: int, error: PlauschError) -> f.Refused:
        """The frame of a failure; the operator is told of the machine's, now and then."""
        self.refused[error.code] += 1
        now_ms = self._clock.now_ms()
        # A clock that was ahead for a while must not make the log silent until it is that late.
        is_quiet = abs(now_ms - self._complained_ms) < COMPLAINT_PAUSE_MS
        if error.fault is Fault.OPERATOR and not is_quiet:
            self._complained_ms = now_ms
            log.error("Requests fail: %s", error)
        return refusal_frame(request_id, error)

    def _acknowledge(self, connection: "Connection", frame: f.Acknowledge) -> bool:
        return self._services.delivery.acknowledge(
            speaker(connection), frame.conversation, frame.seq
        )

    def _ephemeral(self, connection: "Connection", frame: f.SendEphemeral) -> bool:
        roster = self._hub.roster(frame.conversation)
        late = roster is None or roster.epoch < ephemerals.epoch_of(frame)
        if late and connection.ephemerals < self._most_ephemerals:
            return False
        self._pass_on(connection, frame, roster)
        return True

    def _pass_on(
        self, connection: "Connection", frame: f.SendEphemeral, roster: Roster | None
    ) -> None:
        """Counted whether or not there is such a conversation, which so stays unknown."""
        device = speaker(connection)
        connection.ephemerals += ephemerals.cost(frame)
        if connection.ephemerals > self._most_ephemerals:
            connection.send(_TOO_MANY_EPHEMERALS)
            return
        try:
            members = ephemerals.checked(frame, device, roster)
        except Refusal as refusal:
            connection.send(refusal_frame(0, refusal))
        else:
            self._hub.ephemeral(members, device, frame.message)


_PROOFS = (f.Login, f.GetBackup, f.AdoptDevice)
"""By which somebody proves who he is; a few refusals end the connection."""

_TOO_MANY_EPHEMERALS = refused(
    0, "rate_limited", "Too many ephemeral messages in a minute.", retry_after_ms=MINUTE_MS
)


def refusal_frame(request_id: int, error: PlauschError) -> f.Refused:
    """What a device is told of a failure."""
    if error.fault is Fault.OPERATOR:
        # The error's own sentence is for the operator: it names files and hosts.
        return refused(
            request_id,
            error.code,
            "The server could not store or find this: try again in a moment.",
            error.fault,
            RETRY_MS,
        )
    if isinstance(error, Refusal):
        return f.Refused(
            request_id,
            error.code,
            str(error),
            error.fault.value,
            error.retry_after_ms,
            error.epoch,
            error.head,
        )
    return refused(request_id, error.code, str(error), error.fault)


def speaker(connection: "Connection") -> DeviceRecord:
    """The device of a logged-in connection; the session lets nobody else come this far."""
    assert connection.device is not None  # nosec B101
    return connection.device
