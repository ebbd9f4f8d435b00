"""A conversation: what a person or a bot does in it."""

import asyncio
import secrets
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from plausch.base.ids import AccountAddress, ConversationId, DeviceAddress, MessageId
from plausch.content.attachment import attachments_of
from plausch.content.conversation import SECRET_BYTES, Facts, facts_message, title_message
from plausch.content.join_request import JoinRequest, join_request_of
from plausch.content.mimi import MimiContent, decode
from plausch.content.text import delete, edit, reaction, reactions_of, text_message, unlike
from plausch.sdk.admission import demand_valid
from plausch.sdk.composing import check_text, compose, new_salt, sendable
from plausch.sdk.core import Core, Live
from plausch.sdk.downloads import download
from plausch.sdk.errors import SdkError
from plausch.sdk.facts import all_facts
from plausch.sdk.history import SHOWN, root_of, without_withdrawn
from plausch.sdk.join_link import JoinLink
from plausch.sdk.membership import Intent, demand_participant
from plausch.sdk.message import IncomingMessage, Kind, SentMessage, StoredMessage
from plausch.sdk.outgoing import PLAIN_FILE, FileDescription, outgoing_file
from plausch.sdk.reading import mark_read, read_history
from plausch.sdk.reporting import Reason, report
from plausch.sdk.roles import demand_admin, heir_of, may_administrate
from plausch.sdk.uploads import Progress
from plausch.sdk.vault.conversations import ConversationState
from plausch.sdk.vault.messages import MessageRow
from plausch.sdk.vault.outbox import EntryKind, new_idempotency_id

if TYPE_CHECKING:
    from plausch.sdk.device import Device


class Conversation:
    """One conversation of this device. Get it from `Client`; equal ids are equal conversations.

    Participants are accounts; members are their devices.
    """

    def __init__(self, device: "Device", conversation_id: ConversationId) -> None:
        self._device = device
        self.id = conversation_id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Conversation) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def title(self) -> str:
        """The group's title; for a conversation of two the other's address."""
        peer = self.peer
        return str(peer) if peer is not None else self._live.kept.title

    @property
    def kind(self) -> Literal["direct", "group"]:
        """Direct: two participants and no title."""
        return "direct" if self.peer is not None else "group"

    @property
    def peer(self) -> AccountAddress | None:
        """The other participant of a direct conversation."""
        return self._device.directory.peer(self._live)

    @property
    def state(self) -> ConversationState:
        """Opening (not yet on the server), open, left, failed (refused), broken (log torn), ended
        (a participant closed it for everybody)."""
        return self._live.kept.state

    @property
    def request(self) -> bool:
        """Opened by a stranger and neither answered nor accepted yet."""
        return self._live.kept.request

    @property
    def participants(self) -> tuple[AccountAddress, ...]:
        """The accounts in it, this one included."""
        return self._live.kept.participants

    @property
    def members(self) -> tuple[DeviceAddress, ...]:
        """The devices in it, this one included."""
        return self._live.kept.members

    @property
    def admins(self) -> tuple[AccountAddress, ...]:
        """The participants that are admins; empty where everybody may change the group."""
        return self._live.kept.present_admins

    @property
    def may_administrate(self) -> bool:
        """Whether this account may add and remove others and name admins."""
        return may_administrate(self._live.kept, self._core.address)

    async def ready(self) -> None:
        """Wait until it exists on the server with everybody in it.

        Raises what prevented it: ServerRefused, TrustRefused.
        """
        for entry in await self._core.outbox.of(self.id):
            if entry.kind is EntryKind.CHANGE and Intent.from_bytes(entry.intent).opening:
                waiter = self._core.waiter(entry.idempotency_id)
                self._device.outbox.kick(self._live)
                if await self._core.outbox.get(entry.idempotency_id) is not None:
                    await asyncio.shield(waiter)
        demand_participant(self._live)

    async def send_text(self, text: str, *, reply_to: MessageId | None = None) -> SentMessage:
        """Send Markdown text. On return it is in the outbox on disk and goes out by itself.

        Raises IdentityChanged, NotParticipant, SdkError (empty or too long).
        """
        with sendable():
            content = text_message(check_text(text), salt=new_salt(), in_reply_to=reply_to)
        return await self.send(content)

    async def send_file(
        self,
        source: Path | str | bytes,
        description: FileDescription = PLAIN_FILE,
        *,
        caption: str = "",
        reply_to: MessageId | None = None,
        on_progress: Progress | None = None,
    ) -> SentMessage:
        """Send a file (a path, or its bytes). Returns when it is on the server and its message in
        the outbox on disk.

        The file is read and encrypted at once; then it goes by itself, also after a restart, also
        when the caller is cancelled. Its message is in the history once the upload is done, so
        texts go ahead of it. Raises FileRefused, SdkError (too large, or it changed while it was
        read), NotParticipant, IdentityChanged, ServerRefused (too large there, no room left),
        Unreachable (the client was closed; it goes on next time).
        """
        outgoing = outgoing_file(self._core, source, description, caption, reply_to)
        return await self._device.uploads.send(self._live, outgoing, on_progress)

    async def download(
        self,
        message: StoredMessage | IncomingMessage,
        to_path: Path | str,
        on_progress: Progress | None = None,
    ) -> Path:
        """Fetch the file of a message; where it is.

        `to_path` is a folder (the file gets its own name, made safe, or one like it that is free)
        or a file, which is replaced. A download that was interrupted goes on. Raises SdkError (no
        file, or of another server), FileRefused, ServerRefused (`unknown_blob`: it has expired),
        ContentError (it is not what was sent), Unreachable.
        """
        if message.attachment is None:
            raise SdkError("This message has no file that can be fetched.")
        return await download(self._core, message.attachment, Path(to_path), on_progress)

    async def send(self, content: MimiContent) -> SentMessage:
        """Send any content, such as a card from `plausch.content.cards`. Raises as `send_text`."""
        return await compose(self._core, self._device.outbox, self._live, content)

    async def react(self, message_id: MessageId, emoji: str) -> SentMessage:
        """Add a reaction to a message. Raises as `send_text`."""
        with sendable():
            content = reaction(emoji, message_id, salt=new_salt())
        return await self.send(content)

    async def unreact(self, message_id: MessageId, emoji: str) -> SentMessage:
        """Take back a reaction of ours. Raises as `send_text`, SdkError if there is none."""
        sent: SentMessage | None = None
        for row in await self._own_reactions(message_id):
            if emoji in reactions_of(decode(row.content)):
                sent = await self.send(unlike(row.message_id, message_id, salt=new_salt()))
        if sent is None:
            raise SdkError(f"There is no reaction {emoji[:16]!r} of ours to take back.")
        return sent

    async def edit(self, message_id: MessageId, text: str) -> SentMessage:
        """Replace the text of a message of ours. Raises as `send_text`."""
        row = await self._own_message(message_id)
        answered = decode(row.content).in_reply_to
        with sendable():
            content = edit(check_text(text), row.message_id, salt=new_salt(), in_reply_to=answered)
        return await self.send(content)

    async def delete(self, message_id: MessageId) -> SentMessage:
        """Delete a message of ours for everyone, and its file on the server if there is a
        connection now. Raises as `send_text`."""
        row = await self._own_message(message_id)
        content = decode(row.content)
        taken_back = delete(row.message_id, salt=new_salt(), in_reply_to=content.in_reply_to)
        sent = await self.send(taken_back)
        for attachment in attachments_of(content):
            self._core.spawn(self._device.uploads.drop(attachment.blob))
        return sent

    async def report(self, message_ids: Sequence[MessageId], reason: Reason, note: str = "") -> int:
        """Report messages of one other participant to the operator of the server, who reads them
        and learns who reports; how many were disclosed, edited versions included.

        The server verifies that they are genuine; nobody else is told. Raises SdkError (not here,
        our own, of several accounts, too many, not stamped), ServerRefused (`not_genuine`,
        `rate_limited`, `too_many_reports`), Unreachable.
        """
        here = self._device.directory.merged(self._live)
        return await report(self._core, here, message_ids, reason, note)

    async def mark_read(self, up_to: MessageId | None = None) -> None:
        """Everything up to this message (default: all) was read; tells the senders.

        In a message request nothing is told.
        """
        for identifier in self._device.directory.merged(self._live):
            live = self._core.lives[identifier]
            await mark_read(self._core, self._device.outbox, live, up_to)

    async def history(
        self, limit: int = 50, before: MessageId | None = None
    ) -> list[StoredMessage]:
        """The last `limit` messages (before one), oldest first, edits and reactions folded in."""
        await self._core.vault.write([self._core.messages.expire(self._core.clock.now_ms())])
        merged = self._device.directory.merged(self._live)
        return await read_history(self._core, merged, limit, before)

    async def siblings_spoke_at_ms(self, besides: Collection[str] = ()) -> int:
        """When another device of this account last said something here, by the server's clock;
        0 for never. What the devices `besides` (URIs) said does not count."""
        merged = self._device.directory.merged(self._live)
        return await self._core.messages.last_of_siblings_ms(merged, besides)

    async def accept(self) -> None:
        """Accept a message request."""
        async with self._core.changing(self._live):
            self._live.kept.request = False
            await self._core.vault.write([self._core.conversations.put(self._live.kept)])
        await self._core.trust.set_known(self._live.others(self._core.address))

    async def add(self, address: AccountAddress | str) -> None:
        """Add an account with all its devices; returns when the change is in the log.

        What cannot be done now is given up, so that nothing said afterwards has to wait for it;
        add it again later. Raises NotAdmin, ServerRefused, TrustRefused (a key that has changed, no
        key package: it has to come online once).
        """
        account = self._device.parse_other(address)
        demand_admin(self._core, self._live.kept)
        await self._core.trust.ensure(account)
        await self._change(Intent(add=(account.uri,)))
        if self._live.kept.title:
            await self._say(all_facts(self._live.kept))  # who came has not read it yet

    async def remove(self, address: AccountAddress | str) -> None:
        """Remove an account with all its devices; returns when the change is in the log.

        Raises NotAdmin, ServerRefused.
        """
        account = self._device.parse_other(address)
        demand_admin(self._core, self._live.kept)
        if account not in self.participants:
            raise SdkError(f"{account} is not in this conversation.")
        await self._change(Intent(remove=(account.uri,)))

    async def make_admin(self, address: AccountAddress | str, is_admin: bool = True) -> None:
        """Make a participant an admin of this group, or one no longer; returns when the change is
        in the log.

        Raises NotAdmin, SdkError (`no_roles`: begun without; `last_admin`; not in the group),
        ServerRefused.
        """
        account = self._device.parse_account(address)
        if account not in self.participants:
            raise SdkError(f"{account} is not in this conversation.")
        if self._live.kept.admins is None:
            raise SdkError("This conversation has no admins: everybody may.", code="no_roles")
        demand_admin(self._core, self._live.kept)
        uris = (account.uri,)
        await self._change(Intent(promote=uris) if is_admin else Intent(demote=uris))

    async def leave(self) -> None:
        """Leave: the others' clients carry it out; nothing more can be sent from here.

        The only admin makes another one first: who has been in the group the longest.
        """
        if self._live.kept.is_over:
            return
        heir = None
        if self._live.kept.state == "open":
            async with self._core.changing(self._live):
                group = await self._core.group(self._live)
                heir = heir_of(self._core, self._live.kept, group)
        if heir is not None:
            intent = Intent(promote=(heir.uri,)).to_bytes()
            first = self._core.outbox.add(
                self.id, EntryKind.CHANGE, intent, idempotency_id=new_idempotency_id()
            )
            await self._core.vault.write([first])
        await self._owe(EntryKind.LEAVE, b"")

    async def rename(self, title: str) -> SentMessage:
        """Give it a title; travels encrypted, the server never learns it."""
        with sendable():
            content = title_message(title, salt=new_salt())
        return await self.send(content)

    @property
    def picture(self) -> bytes:
        """The group's picture, a small square WebP, JPEG or PNG; empty when it has none."""
        return self._live.kept.picture

    async def set_picture(self, picture: bytes) -> SentMessage:
        """Give it a picture (see `content.picture`), or with no bytes none any more.

        Raises SdkError when it is too large or no such picture.
        """
        return await self._say(Facts(picture=picture))

    @property
    def join_link(self) -> str:
        """The link by which people may ask this account to let them in; empty when it is off."""
        secret = self._live.kept.link
        if not secret:
            return ""
        core = self._core
        request = JoinRequest(self.id, secret)
        return str(JoinLink(core.own.server_url, core.address.name, request))

    async def set_join_link(self, is_on: bool) -> SentMessage:
        """A new link, in place of the one before, or none any more. Raises NotAdmin."""
        demand_admin(self._core, self._live.kept)
        return await self._say(Facts(link=secrets.token_bytes(SECRET_BYTES) if is_on else b""))

    async def admit(self, message_id: MessageId) -> "Conversation":
        """Let in who asked for it by this message; the group. Returns when they are added.

        Raises SdkError `link_over` (the link is not the present one of a group of ours), and as
        `add`.
        """
        row = await self._core.messages.get(message_id)
        request = None if row is None else join_request_of(decode(row.content))
        if row is None or request is None or row.outgoing or not self._is_here(row):
            raise SdkError("Nobody asks to join by this message.", code="link_over")
        live = demand_valid(self._core, request)
        group = Conversation(self._device, live.id)
        if row.sender not in group.participants:
            await self.accept()
            await group.add(row.sender)
        return group

    # --- inside ------------------------------------------------------------------------------

    @property
    def _core(self) -> Core:
        return self._device.core

    @property
    def _live(self) -> Live:
        return self._device.core.lives[self.id]

    async def _say(self, facts: Facts) -> SentMessage:
        with sendable():
            words = self._live.kept.title or "Group"
            content = facts_message(facts, words, salt=new_salt())
        return await self.send(content)

    async def _own_message(self, message_id: MessageId) -> MessageRow:
        root = await root_of(self._core.messages, message_id)
        row = await self._core.messages.get(root) if root is not None else None
        if row is None or not self._is_here(row) or not row.outgoing or row.kind not in SHOWN:
            raise SdkError("There is no message of ours with this id in this conversation.")
        return row

    async def _own_reactions(self, message_id: MessageId) -> list[MessageRow]:
        """Our reactions to a message that were not taken back yet."""
        messages, here = self._core.messages, self._device.directory.merged(self._live)
        mine = [
            row
            for row in await messages.about(here, [message_id])
            if row.kind is Kind.REACTION and row.sender == self._core.address
        ]
        return without_withdrawn(mine, await messages.about(here, [row.message_id for row in mine]))

    def _is_here(self, row: MessageRow) -> bool:
        """Whether it was said in this conversation, or in one that is shown as one with it."""
        return row.conversation in self._device.directory.merged(self._live)

    async def _change(self, intent: Intent) -> None:
        demand_participant(self._live)
        await self._owe(EntryKind.CHANGE, intent.to_bytes())

    async def _owe(self, kind: EntryKind, intent: bytes) -> None:
        """Put a debt in the outbox and wait until it is paid."""
        identifier = new_idempotency_id()
        waiter = self._core.waiter(identifier)
        try:
            await self._core.vault.write(
                [self._core.outbox.add(self.id, kind, intent, idempotency_id=identifier)]
            )
        finally:  # a caller that is cancelled while this is written owes it all the same
            self._device.outbox.kick(self._live)
        await asyncio.shield(waiter)
