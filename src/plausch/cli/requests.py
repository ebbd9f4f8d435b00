"""What a command asks of a device, as values that can be handed to the process with the vault.

Each request knows how to carry itself out with a client, and what its answer looks like; so
`send` does the same thing whether it opened the vault or `listen` did.
"""

import asyncio
from typing import Any, Literal

import msgspec

from plausch.cli.business_requests import (
    ProfileGet,
    ProfilePublish,
    ProfileSearch,
    ProfileWithdraw,
)
from plausch.cli.records import (
    AskingsRecord,
    ContactRecord,
    ConversationRecord,
    ConversationsRecord,
    DeviceRecord,
    DevicesRecord,
    DoneRecord,
    HistoryRecord,
    LinkRecord,
    ReportedRecord,
    SavedRecord,
    SentRecord,
    asking_record,
    contact_record,
    conversation_record,
    message_record,
)
from plausch.cli.request import Answer as Answer
from plausch.cli.request import Request as Request
from plausch.cli.targets import existing, find, full_address, group_called, is_known
from plausch.sdk import (
    Client,
    Conversation,
    Reason,
    SdkError,
    SentMessage,
    State,
    StoredMessage,
    Unreachable,
)

CONNECT_S = 5.0
CATCH_UP_S = 90.0
FILE_S = 3_600.0
"""How long another process may take over a request with a file."""

LOOKED_THROUGH = 1_000
"""Messages that are looked through for a file, from the last one back."""


async def caught_up(
    client: Client, connect_s: float = CONNECT_S, catch_up_s: float = CATCH_UP_S
) -> bool:
    """Wait for what the server holds for us; False when it cannot be reached.

    Without a connection the wait is `connect_s`; with one it lasts as long as there is more, at
    most `catch_up_s` longer.
    """
    work = asyncio.ensure_future(client.synchronize())
    try:
        await asyncio.wait({work}, timeout=connect_s)
        if not work.done() and client.online:
            await asyncio.wait({work}, timeout=catch_up_s)
        if not work.done():
            return False
        work.result()
    except Unreachable:
        return False
    finally:
        work.cancel()
    return True


async def settled(client: Client, sent: SentMessage, title: str, timeout_s: float) -> SentRecord:
    """The message's record once the server has it, or as it is when the time is over."""
    try:
        async with asyncio.timeout(timeout_s):
            await sent.accepted()
    except TimeoutError:
        pass
    return SentRecord(
        conversation=sent.conversation_id.hex(),
        title=title,
        message_id=sent.message_id.hex(),
        seq=sent.seq,
        state=str(sent.state),
        why=client.hindrance if sent.seq is None else "",
    )


def unsent(client: Client, conversation: Conversation) -> SentRecord:
    """The record of a file that is still being uploaded: it has no message yet."""
    return SentRecord(
        conversation=conversation.id.hex(),
        title=conversation.title,
        message_id="",
        seq=None,
        state=str(State.WAITING),
        why=client.hindrance,
    )


class Send(Request[SentRecord], frozen=True, kw_only=True, tag="send"):
    """Send a text and wait until the server has it on disk, at most `timeout_s` in all.

    With `file`, an absolute path, that file, and the text below it if there is one.
    """

    answer_type = SentRecord
    answer_s = FILE_S
    target: str
    text: str
    file: str = ""
    timeout_s: float = 20.0

    async def carry_out(self, client: Client) -> SentRecord:
        """Raises what `find`, `Conversation.send_text` and `Conversation.send_file` raise."""
        loop = asyncio.get_running_loop()
        ends_s = loop.time() + self.timeout_s
        connect_s = min(CONNECT_S, self.timeout_s)
        await caught_up(client, connect_s, self.timeout_s - connect_s)
        conversation = await self._found(client, max(0.0, ends_s - loop.time()))
        if not self.file:
            sent = await conversation.send_text(self.text)
            left_s = max(0.0, ends_s - loop.time())
            return await settled(client, sent, conversation.title, left_s)
        try:
            async with asyncio.timeout(max(0.0, ends_s - loop.time())):
                sent = await conversation.send_file(self.file, caption=self.text)
        except TimeoutError:  # it is sealed in the vault, and goes on by itself
            return unsent(client, conversation)
        left_s = max(0.0, ends_s - loop.time())
        return await settled(client, sent, conversation.title, left_s)

    async def _found(self, client: Client, within_s: float) -> Conversation:
        """As `find`, which asks the server only for who is not known here."""
        try:
            async with asyncio.timeout(None if await is_known(client, self.target) else within_s):
                return await find(client, self.target)
        except TimeoutError:
            said = client.hindrance
            raise Unreachable(
                f"{self.target} is not known on this device yet, and the server could not be asked "
                f"within {self.timeout_s:g} seconds: "
                + (f"it says: {said}" if said else "try again when there is a connection.")
            ) from None


class History(Request[HistoryRecord], frozen=True, kw_only=True, tag="history"):
    """The last `limit` messages with somebody, or of a group."""

    answer_type = HistoryRecord
    target: str
    limit: int = 50
    offline: bool = False

    async def carry_out(self, client: Client) -> HistoryRecord:
        """Raises UnknownConversation when nothing was ever said there, NameRefused."""
        fresh = not self.offline and await caught_up(client)
        conversation = existing(client, self.target)
        messages = await conversation.history(limit=self.limit)
        return HistoryRecord(
            conversation=conversation_record(conversation),
            messages=[message_record(one) for one in messages],
            fresh=fresh,
            why="" if fresh else client.hindrance,
        )


class Save(Request[SavedRecord], frozen=True, kw_only=True, tag="save"):
    """Fetch a file that was sent in a conversation: the newest one, or that of a message whose id
    begins with `message`. `to` is an absolute path, a folder's or a file's."""

    answer_type = SavedRecord
    answer_s = FILE_S
    target: str
    to: str
    message: str = ""

    async def carry_out(self, client: Client) -> SavedRecord:
        """Raises UnknownConversation, SdkError (no such file), and as `Conversation.download`."""
        await caught_up(client)
        conversation = existing(client, self.target)
        for stored in reversed(await conversation.history(limit=LOOKED_THROUGH)):
            if stored.attachment is None or not stored.message_id.hex().startswith(self.message):
                continue
            path = await conversation.download(stored, self.to)
            return SavedRecord(
                conversation=conversation.id.hex(),
                message_id=stored.message_id.hex(),
                sender=str(stored.sender),
                path=str(path),
                size_bytes=stored.attachment.size_bytes,
                content_type=stored.attachment.content_type,
            )
        raise SdkError(
            f"No file was sent here whose message has an id like {self.message!r}."
            if self.message
            else f"Among the last {LOOKED_THROUGH} messages here is none with a file."
        )


class ReportMessages(Request[ReportedRecord], frozen=True, kw_only=True, tag="report"):
    """Disclose messages of somebody to the operator; `messages` are ids or how they begin."""

    answer_type = ReportedRecord
    target: str
    messages: list[str]
    reason: str
    note: str = ""

    async def carry_out(self, client: Client) -> ReportedRecord:
        """Raises UnknownConversation, SdkError (no such message), as `Conversation.report`."""
        await caught_up(client)
        conversation = existing(client, self.target)
        stored = await conversation.history(limit=LOOKED_THROUGH)
        meant = [_meant(stored, begin) for begin in self.messages]
        count = await conversation.report(
            [one.message_id for one in meant], Reason(self.reason), self.note
        )
        return ReportedRecord(about=str(meant[0].sender), reason=self.reason, messages=count)


def _meant(stored: list[StoredMessage], begin: str) -> StoredMessage:
    """The message whose id begins so. Raises SdkError."""
    found = [one for one in stored if one.message_id.hex().startswith(begin)]
    if len(found) != 1:
        raise SdkError(
            f"{len(found) or 'None'} of the last {LOOKED_THROUGH} messages here has an id like "
            f"{begin!r}."
        )
    return found[0]


class Conversations(Request[ConversationsRecord], frozen=True, kw_only=True, tag="conversations"):
    """All conversations; with `groups`, only those."""

    answer_type = ConversationsRecord
    groups: bool = False
    offline: bool = False

    async def carry_out(self, client: Client) -> ConversationsRecord:
        """Never fails for want of a server: `fresh` says whether it was asked."""
        fresh = not self.offline and await caught_up(client)
        return ConversationsRecord(
            conversations=[
                conversation_record(one)
                for one in client.conversations()
                if one.kind == "group" or not self.groups
            ],
            fresh=fresh,
            why="" if fresh else client.hindrance,
        )


class GroupCreate(Request[ConversationRecord], frozen=True, kw_only=True, tag="group_create"):
    """A new group with these accounts."""

    answer_type = ConversationRecord
    title: str
    addresses: list[str]

    async def carry_out(self, client: Client) -> ConversationRecord:
        """Raises as `Client.create_group`."""
        addresses = [full_address(client, one) for one in self.addresses]
        await client.synchronize()
        return conversation_record(await client.create_group(self.title, addresses))


class GroupChange(Request[ConversationRecord], frozen=True, kw_only=True, tag="group_change"):
    """Add an account to a group, remove one, make it an admin or one no longer, rename the group,
    or leave it."""

    answer_type = ConversationRecord
    group: str
    add: str = ""
    remove: str = ""
    promote: str = ""
    demote: str = ""
    title: str = ""
    leave: bool = False

    async def carry_out(self, client: Client) -> ConversationRecord:
        """Raises UnknownConversation, and as the methods of `Conversation`."""
        await client.synchronize()
        conversation = group_called(client, self.group)
        if self.add:
            await conversation.add(full_address(client, self.add))
        if self.remove:
            await conversation.remove(full_address(client, self.remove))
        for named, is_admin in ((self.promote, True), (self.demote, False)):
            if named:
                await conversation.make_admin(full_address(client, named), is_admin)
        if self.title:
            await (await conversation.rename(self.title)).accepted()
        if self.leave:
            await conversation.leave()
        return conversation_record(conversation)


class GroupLink(Request[LinkRecord], frozen=True, kw_only=True, tag="group_link"):
    """A group's invitation link; with `change` made anew ("new") or turned off ("off")."""

    answer_type = LinkRecord
    group: str
    change: Literal["", "new", "off"] = ""

    async def carry_out(self, client: Client) -> LinkRecord:
        """Raises UnknownConversation, and as `Conversation.set_join_link`."""
        await client.synchronize()
        conversation = group_called(client, self.group)
        if self.change:
            await (await conversation.set_join_link(self.change == "new")).accepted()
        return LinkRecord(
            conversation=conversation.id.hex(),
            title=conversation.title,
            link=conversation.join_link,
        )


class GroupJoin(Request[SentRecord], frozen=True, kw_only=True, tag="group_join"):
    """Ask to be added to the group of an invitation link."""

    answer_type = SentRecord
    link: str

    async def carry_out(self, client: Client) -> SentRecord:
        """Raises as `Client.ask_to_join`."""
        await client.synchronize()
        sent = await client.ask_to_join(self.link)
        conversation = client.conversation(sent.conversation_id)
        return await settled(client, sent, conversation.title, CONNECT_S)


class GroupAsking(Request[AskingsRecord], frozen=True, kw_only=True, tag="group_asking"):
    """Who asks to be added to groups of which this account is an admin."""

    answer_type = AskingsRecord

    async def carry_out(self, client: Client) -> AskingsRecord:
        """Never fails for want of a server: `fresh` says whether it was asked."""
        fresh = await caught_up(client)
        return AskingsRecord(
            asking=[asking_record(one) for one in await client.asking()],
            fresh=fresh,
            why="" if fresh else client.hindrance,
        )


class GroupApprove(Request[ConversationRecord], frozen=True, kw_only=True, tag="group_approve"):
    """Add somebody who asks for it."""

    answer_type = ConversationRecord
    group: str
    address: str

    async def carry_out(self, client: Client) -> ConversationRecord:
        """Raises UnknownConversation, SdkError (nobody asks), and as `Conversation.admit`."""
        await client.synchronize()
        conversation = group_called(client, self.group)
        address = full_address(client, self.address)
        for one in await client.asking():
            if one.group == conversation.id and one.sender == address:
                direct = await client.conversation_with(address)
                return conversation_record(await direct.admit(one.message_id))
        raise SdkError(
            f"{address} does not ask to join {conversation.title!r}; see: plausch group requests."
        )


class Devices(Request[DevicesRecord], frozen=True, kw_only=True, tag="devices"):
    """The account's devices; `remove` names one to take off first."""

    answer_type = DevicesRecord
    remove: str = ""

    async def carry_out(self, client: Client) -> DevicesRecord:
        """Raises as `Client.devices` and `Client.remove_device`."""
        await caught_up(client)
        if self.remove:
            devices = await client.devices()
            named = [one for one in devices if self.remove in (one.uri, one.device)]
            if not named:
                raise SdkError(
                    f"{self.remove!r} is not a device of {client.address}; see: plausch devices "
                    "list."
                )
            await client.remove_device(named[0])
        staff = await client.staff()
        return DevicesRecord(
            address=str(client.address),
            devices=[
                DeviceRecord(device=one.uri, here=one == client.device, staff=one in staff)
                for one in await client.devices()
            ],
        )


class Verify(Request[ContactRecord], frozen=True, kw_only=True, tag="verify"):
    """The safety number with an account; mark it compared, accept or reject a changed key.

    `mark` and `accept` are the number that was compared.
    """

    answer_type = ContactRecord
    address: str
    mark: str | None = None
    accept: str | None = None
    reject: bool = False

    async def carry_out(self, client: Client) -> ContactRecord:
        """Raises as `Client.mark_verified`."""
        await caught_up(client)
        address = full_address(client, self.address)
        if self.mark is not None:
            await client.mark_verified(address, self.mark)
        if self.accept is not None:
            await client.accept_identity(address, self.accept)
        if self.reject:
            await client.reject_identity(address)
        number = await client.safety_number(address)
        return contact_record(await client.contact(address), number)


class Ping(Request[DoneRecord], frozen=True, kw_only=True, tag="ping"):
    """Is anybody there? For `plausch doctor`."""

    answer_type = DoneRecord

    async def carry_out(self, client: Client) -> DoneRecord:
        """Never fails."""
        return DoneRecord()


AnyRequest = (
    Send
    | History
    | Save
    | ReportMessages
    | Conversations
    | GroupCreate
    | GroupChange
    | GroupLink
    | GroupJoin
    | GroupAsking
    | GroupApprove
    | Devices
    | Verify
    | Ping
    | ProfileGet
    | ProfilePublish
    | ProfileSearch
    | ProfileWithdraw
)

_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(AnyRequest)


def decode_request(line: bytes) -> Request[Any]:
    """A request off the control socket. Raises SdkError."""
    try:
        request: Request[Any] = _decoder.decode(line)
    except msgspec.MsgspecError as error:
        raise SdkError(f"The control socket was asked something unknown: {error}.") from None
    return request
