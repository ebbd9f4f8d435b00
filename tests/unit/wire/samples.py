"""One valid frame of every type, for tests of the wire."""

from plausch.wire import frames as f
from plausch.wire.blobs import BLOB_CHUNK_BYTES

CONVERSATION = bytes(range(16))
BLOB = bytes(range(32))
DEVICE = "mimi://localhost/d/anna/0123456789abcdef"
ENVELOPE = f.Envelope(7, 1, f.APPLICATION, 1_800_000_000_000, DEVICE, b"sealed", BLOB)
REPORTED = f.ReportedMessage(
    CONVERSATION, DEVICE, 1_800_000_000_000, BLOB, CONVERSATION, b"content"
)

CLIENT: tuple[f.ClientFrame, ...] = (
    f.Register(1, "anna", "person", "", b"certificate", b"list"),
    f.Login(1, DEVICE, bytes(64)),
    f.GetAccount(1, "cem"),
    f.GetCertificate(1, DEVICE),
    f.PublishDeviceList(1, b"list", [b"certificate"]),
    f.UploadKeyPackages(1, [b"package"], b"last resort"),
    f.ClaimKeyPackages(1, "cem", 1, [DEVICE]),
    f.CreateConversation(1, CONVERSATION, b"group info"),
    f.Append(1, CONVERSATION, 0, f.APPLICATION, b"sealed", bytes(16)),
    f.AppendCommit(1, CONVERSATION, 0, b"commit", bytes(16), b"group info", b"welcome", [DEVICE]),
    f.Read(1, CONVERSATION, 0, 500),
    f.Acknowledge(CONVERSATION, 7),
    f.Resume(1, CONVERSATION),
    f.GetGroupInfo(1, CONVERSATION),
    f.GetCursors(1, CONVERSATION),
    f.ReadMailbox(1, 0, 50),
    f.AcknowledgeMailbox(3),
    f.SendEphemeral(CONVERSATION, b"typing"),
    f.BeginBlob(1, BLOB, 9, bytes(32)),
    f.PutBlobChunk(1, BLOB, 0, b"encrypted"),
    f.GetBlobChunk(1, BLOB, 0, BLOB_CHUNK_BYTES),
    f.DropBlob(1, BLOB),
    f.OpenPairing(1, CONVERSATION, 0, bytes(16), 0),
    f.SendPairing(1, 1, b"offer"),
    f.EndPairing(1),
    f.KeepBackup(1, BLOB, bytes(32), b"sealed", BLOB, b""),
    f.DropBackup(1),
    f.GetBackup(1, "anna", BLOB),
    f.AdoptDevice(1, "anna", b"list", b"certificate", bytes(64)),
    f.SetWakeUp(1, "https://push.example/p/1"),
    f.DropWakeUp(1),
    f.GetWakeUpKey(1),
    f.Report(1, "cem", "spam", "Every day.", [REPORTED], bytes(16)),
    f.PublishProfile(1, b"signed profile"),
    f.WithdrawProfile(1, b"signed withdrawal"),
    f.GetProfile(1, "linde"),
    f.SearchDirectory(1, "linde", "restaurant", "augsburg", "", 20),
)

SERVER: tuple[f.ServerFrame, ...] = (
    f.Hello(f.PROTOCOL_VERSION, "localhost", bytes(32), "open"),
    f.LoggedIn(1, 1_800_000_000_000, 12, True),
    f.Done(1),
    f.Refused(1, "stale_epoch", "The epoch is 4.", "local", 0, 4, 9),
    f.Account(1, "cem", "business", bytes(32), b"list"),
    f.Certificate(1, b"certificate"),
    f.KeyPackages(1, [(DEVICE, b"package")]),
    f.Appended(1, 8, 1_800_000_000_000),
    f.Envelopes(1, CONVERSATION, [ENVELOPE], 7),
    f.Resumed(1, [f.Moved(CONVERSATION, 3, 7, 1)], 2, False),
    f.GroupInfo(1, CONVERSATION, b"group info"),
    f.Cursors(1, CONVERSATION, [(DEVICE, 7)]),
    f.Mailbox(1, [f.MailboxItem(3, CONVERSATION, 7, 1_800_000_000_000, DEVICE, b"welcome")]),
    f.Delivery(CONVERSATION, 7, [ENVELOPE]),
    f.MailboxMoved(3),
    f.CursorMoved(CONVERSATION, DEVICE, 7),
    f.Ephemeral(CONVERSATION, DEVICE, b"typing"),
    f.DeviceListMoved("cem"),
    f.BlobStands(1, 9, 9),
    f.BlobChunk(1, 9, b"encrypted"),
    f.PairingMessage(1, b"offer"),
    f.Backup(1, 1_800_000_000_000, b"sealed", "person", b"list"),
    f.WakeUpKey(1, b"\x04" + bytes(64)),
    f.Profile(1, b"signed profile"),
    f.Directory(1, [f.Listed("linde", "Zur Linde", "restaurant", "86150", "Augsburg")], False),
    f.Closing("server_restart", "The server restarts.", 1_000),
)
