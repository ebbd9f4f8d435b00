"""The units of the client-server protocol (spec/wire.md).

One WebSocket binary message carries one frame: a msgpack array whose first element is the
frame's tag. Requests carry `id`, chosen by the device, unique among its unanswered requests;
the answer repeats it. Frames without `id` are pushed by the server. Opaque byte fields hold
MLS messages or signed identity objects exactly as their authors encoded them.
"""

from typing import Annotated

import msgspec

from plausch.wire.blobs import BeginBlob as BeginBlob
from plausch.wire.blobs import BlobChunk as BlobChunk
from plausch.wire.blobs import BlobStands as BlobStands
from plausch.wire.blobs import DropBlob as DropBlob
from plausch.wire.blobs import GetBlobChunk as GetBlobChunk
from plausch.wire.blobs import PutBlobChunk as PutBlobChunk
from plausch.wire.frame import MAX_INTEGER as MAX_INTEGER
from plausch.wire.frame import (
    ConversationBytes,
    Count,
    IdempotencyBytes,
    Known,
    NonceBytes,
    RequestId,
    Sentence,
    SignatureBytes,
    StampBytes,
    SuiteId,
    Token,
    Uri,
    Word,
)
from plausch.wire.frame import Frame as Frame
from plausch.wire.linking import AdoptDevice as AdoptDevice
from plausch.wire.linking import Backup as Backup
from plausch.wire.linking import DropBackup as DropBackup
from plausch.wire.linking import EndPairing as EndPairing
from plausch.wire.linking import GetBackup as GetBackup
from plausch.wire.linking import KeepBackup as KeepBackup
from plausch.wire.linking import OpenPairing as OpenPairing
from plausch.wire.linking import PairingMessage as PairingMessage
from plausch.wire.linking import SendPairing as SendPairing
from plausch.wire.mailboxes import AcknowledgeMailbox as AcknowledgeMailbox
from plausch.wire.mailboxes import Mailbox as Mailbox
from plausch.wire.mailboxes import MailboxItem as MailboxItem
from plausch.wire.mailboxes import ReadMailbox as ReadMailbox
from plausch.wire.profiles import Directory as Directory
from plausch.wire.profiles import GetProfile as GetProfile
from plausch.wire.profiles import Listed as Listed
from plausch.wire.profiles import Profile as Profile
from plausch.wire.profiles import PublishProfile as PublishProfile
from plausch.wire.profiles import SearchDirectory as SearchDirectory
from plausch.wire.profiles import WithdrawProfile as WithdrawProfile
from plausch.wire.reports import Report as Report
from plausch.wire.reports import ReportedMessage as ReportedMessage
from plausch.wire.wakes import DropWakeUp as DropWakeUp
from plausch.wire.wakes import GetWakeUpKey as GetWakeUpKey
from plausch.wire.wakes import SetWakeUp as SetWakeUp
from plausch.wire.wakes import WakeUpKey as WakeUpKey

PROTOCOL_VERSION = 1

# --- opening -------------------------------------------------------------------------------


class Hello(Frame, frozen=True, tag=1):
    """Server's first frame: what it is, and the nonce that `Login` signs (32 bytes)."""

    version: Count
    domain: Token
    nonce: NonceBytes
    registration: Word  # "open" | "invitation" | "closed"


class Register(Frame, frozen=True, tag=2):
    """A new account with its first device. Answer: `Done`."""

    id: RequestId
    name: Word
    kind: Word  # "person" | "business"
    invitation: Token  # "" when registration is open
    certificate: bytes  # identity.certificate, signed
    device_list: bytes  # identity.device_list, signed


class Login(Frame, frozen=True, tag=3):
    """Signature by the device key over the login challenge (identity.login). Answer: `LoggedIn`."""

    id: RequestId
    device: Uri
    signature: SignatureBytes


class LoggedIn(Frame, frozen=True, tag=4):
    """The connection now speaks for this device; pushes begin after `Resume`."""

    id: RequestId
    server_time_ms: Count
    key_packages: Count  # how many unclaimed key packages the server holds for this device
    has_last_resort: bool


# --- answers -------------------------------------------------------------------------------


class Done(Frame, frozen=True, tag=5):
    """The request is durably carried out and has nothing else to say."""

    id: RequestId


class Refused(Frame, frozen=True, tag=6):
    """The request was refused; nothing was changed.

    `code` is a stable word (spec/wire.md lists them), `sentence` is for people, `fault` is
    "local" (the requester must change something), "remote" (another party) or "operator" (the
    server; try again after `retry_after_ms`). `epoch` and `head` say what is true now when the
    code is `stale_epoch`, else they are -1. `id` is 0 when the frame could not be attributed.
    """

    id: Count
    code: Word
    sentence: Sentence
    fault: Word
    retry_after_ms: Count = 0
    epoch: Known = -1
    head: Known = -1


# --- accounts, devices, key packages -------------------------------------------------------


class GetAccount(Frame, frozen=True, tag=10):
    """Look up an account by name on this server. Answer: `Account`."""

    id: RequestId
    name: Word


class Account(Frame, frozen=True, tag=11):
    """An account's public record. The device list is signed by its identity key."""

    id: RequestId
    name: Word
    kind: Word
    identity_key: bytes
    device_list: bytes


class PublishDeviceList(Frame, frozen=True, tag=12):
    """The account's next signed device list, with certificates of newly listed devices.

    Answer: `Done`. Devices no longer listed lose their session, key packages and mailbox.
    """

    id: RequestId
    device_list: bytes
    certificates: Annotated[list[bytes], msgspec.Meta(max_length=64)]


class GetCertificate(Frame, frozen=True, tag=16):
    """The newest certificate of a device of this account. Answer: `Certificate`."""

    id: RequestId
    device: Uri


class Certificate(Frame, frozen=True, tag=17):
    """A device certificate, signed by the account's identity key."""

    id: RequestId
    certificate: bytes


class UploadKeyPackages(Frame, frozen=True, tag=13):
    """More key packages of this device (MLSMessage bytes each). Answer: `Done`.

    `last_resort` replaces the stored one when not empty.
    """

    id: RequestId
    key_packages: Annotated[list[bytes], msgspec.Meta(max_length=100)]
    last_resort: bytes


class ClaimKeyPackages(Frame, frozen=True, tag=14):
    """One key package for each listed device of an account, for one suite. Answer: `KeyPackages`.

    `devices` empty: all devices of the account.
    """

    id: RequestId
    name: Word
    suite: SuiteId
    devices: Annotated[list[Uri], msgspec.Meta(max_length=64)]


class KeyPackages(Frame, frozen=True, tag=15):
    """Claimed key packages; each is handed out once, save a last-resort one."""

    id: RequestId
    key_packages: list[tuple[Uri, bytes]]  # (device URI, MLSMessage(KeyPackage))


# --- conversations and their logs ----------------------------------------------------------

APPLICATION = 1
PROPOSAL = 2
COMMIT = 3


class CreateConversation(Frame, frozen=True, tag=20):
    """A new conversation at epoch 0 whose only member is this device. Answer: `Done`.

    `group_info` is an MLSMessage(GroupInfo) with the ratchet tree in it. Repeating it with the
    same bytes is answered `Done` again.
    """

    id: RequestId
    conversation: ConversationBytes
    group_info: bytes


class Append(Frame, frozen=True, tag=21):
    """Append an application message or a proposal to the log. Answer: `Appended`.

    `idempotency_id` (16 random bytes): a retry gets the first answer again. `quiet`: nobody has to
    be woken for it.
    """

    id: RequestId
    conversation: ConversationBytes
    epoch: Count
    kind: Annotated[int, msgspec.Meta(ge=APPLICATION, le=PROPOSAL)]
    message: bytes
    idempotency_id: IdempotencyBytes
    quiet: bool = False


class AppendCommit(Frame, frozen=True, tag=22):
    """Append a Commit with everything that belongs to it, in one transaction. Answer: `Appended`.

    `welcome` is an MLSMessage(Welcome) or empty, and `welcome_to` the device URIs it is for;
    `group_info` is the next epoch's MLSMessage(GroupInfo), ratchet tree included.
    """

    id: RequestId
    conversation: ConversationBytes
    epoch: Count
    message: bytes
    idempotency_id: IdempotencyBytes
    group_info: bytes
    welcome: bytes
    welcome_to: Annotated[list[Uri], msgspec.Meta(max_length=1000)]


class Appended(Frame, frozen=True, tag=23):
    """The message is on disk at position `seq`, accepted at `accepted_at_ms` (server's clock)."""

    id: RequestId
    seq: Count
    accepted_at_ms: Count


class Envelope(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the server keeps of one message: its place, time, kind, sender's device, opaque bytes.

    `sender` is the device URI of the connection that appended it; `stamp` is 32 bytes for an
    application message with a frank (wire.franking), else empty.
    """

    seq: Count
    epoch: Count
    kind: Annotated[int, msgspec.Meta(ge=APPLICATION, le=COMMIT)]
    accepted_at_ms: Count
    sender: Uri
    message: bytes
    stamp: StampBytes


class Read(Frame, frozen=True, tag=24):
    """Envelopes after `after`, at most `limit` (1 to 500). Answer: `Envelopes`."""

    id: RequestId
    conversation: ConversationBytes
    after: Count
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)]


class Envelopes(Frame, frozen=True, tag=25):
    """A stretch of the log. `head` is the log's last seq: read on while the last one is less."""

    id: RequestId
    conversation: ConversationBytes
    envelopes: list[Envelope]
    head: Count


class Acknowledge(Frame, frozen=True, tag=26):
    """This device has everything up to `seq` in its vault. No answer; cursors only advance."""

    conversation: ConversationBytes
    seq: Count


class Resume(Frame, frozen=True, tag=27):
    """Begin pushes, and say what moved since this device's cursors. Answer: `Resumed`.

    `after`: empty at first; while `Resumed` says `more`, the last conversation that it named.
    """

    id: RequestId
    after: Annotated[bytes, msgspec.Meta(max_length=16)]


class Moved(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A conversation whose head is past this device's cursor."""

    conversation: ConversationBytes
    cursor: Count
    head: Count
    epoch: Count


class Resumed(Frame, frozen=True, tag=28):
    """What moved, at most 1,000 conversations. `more`: resume again after the last of them."""

    id: RequestId
    moved: list[Moved]
    mailbox: Count  # number of Welcomes waiting
    more: bool


class GetGroupInfo(Frame, frozen=True, tag=29):
    """The current GroupInfo of a conversation, for an external join by a participant's device.

    Answer: `GroupInfo`.
    """

    id: RequestId
    conversation: ConversationBytes


class GroupInfo(Frame, frozen=True, tag=30):
    """MLSMessage(GroupInfo) of the current epoch."""

    id: RequestId
    conversation: ConversationBytes
    group_info: bytes


class GetCursors(Frame, frozen=True, tag=31):
    """How far the devices of the other participants have a conversation's log.

    For a sender that was away while `CursorMoved` was pushed. Answer: `Cursors`.
    """

    id: RequestId
    conversation: ConversationBytes


class Cursors(Frame, frozen=True, tag=32):
    """(device URI, seq) of the member devices of other accounts."""

    id: RequestId
    conversation: ConversationBytes
    cursors: list[tuple[Uri, Count]]


# --- pushes --------------------------------------------------------------------------------


class Delivery(Frame, frozen=True, tag=50):
    """The log of a conversation grew. Small envelopes come along; otherwise `envelopes` is empty
    and the device reads from its cursor. `head` is the log's last seq."""

    conversation: ConversationBytes
    head: Count
    envelopes: list[Envelope]


class MailboxMoved(Frame, frozen=True, tag=51):
    """A Welcome waits in this device's mailbox."""

    item: Count


class CursorMoved(Frame, frozen=True, tag=52):
    """A member device of another account acknowledged up to `seq` (a delivery mark)."""

    conversation: ConversationBytes
    device: Uri
    seq: Count


class SendEphemeral(Frame, frozen=True, tag=53):
    """Send an MLS PrivateMessage that is stored nowhere to the members online now. No answer."""

    conversation: ConversationBytes
    message: bytes


class Ephemeral(Frame, frozen=True, tag=54):
    """An ephemeral message from `sender` (device URI)."""

    conversation: ConversationBytes
    sender: Uri
    message: bytes


class DeviceListMoved(Frame, frozen=True, tag=55):
    """An account that shares a conversation with this device published a new device list."""

    name: Word


class Closing(Frame, frozen=True, tag=60):
    """The server is about to close this connection; `code` as in `Refused`."""

    code: Word
    sentence: Sentence
    retry_after_ms: Count


ClientFrame = (
    Register
    | Login
    | GetAccount
    | PublishDeviceList
    | GetCertificate
    | UploadKeyPackages
    | ClaimKeyPackages
    | CreateConversation
    | Append
    | AppendCommit
    | Read
    | Acknowledge
    | Resume
    | GetGroupInfo
    | GetCursors
    | ReadMailbox
    | AcknowledgeMailbox
    | SendEphemeral
    | BeginBlob
    | PutBlobChunk
    | GetBlobChunk
    | DropBlob
    | OpenPairing
    | SendPairing
    | EndPairing
    | KeepBackup
    | DropBackup
    | GetBackup
    | AdoptDevice
    | SetWakeUp
    | DropWakeUp
    | GetWakeUpKey
    | Report
    | PublishProfile
    | WithdrawProfile
    | GetProfile
    | SearchDirectory
)

ServerFrame = (
    Hello
    | LoggedIn
    | Done
    | Refused
    | Account
    | Certificate
    | KeyPackages
    | Appended
    | Envelopes
    | Resumed
    | GroupInfo
    | Cursors
    | Mailbox
    | Delivery
    | MailboxMoved
    | CursorMoved
    | Ephemeral
    | DeviceListMoved
    | BlobStands
    | BlobChunk
    | PairingMessage
    | Backup
    | WakeUpKey
    | Profile
    | Directory
    | Closing
)
