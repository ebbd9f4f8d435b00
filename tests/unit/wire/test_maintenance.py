"""What a server in maintenance does not take."""

from typing import get_args

from plausch.wire import frames as f
from plausch.wire.maintenance import NOT_NOW


def test_what_may_be_done_during_maintenance_leaves_nothing_new() -> None:
    """A new frame has to be thought about here."""
    allowed = {one.__name__ for one in set(get_args(f.ClientFrame)) - NOT_NOW}
    assert allowed == {
        *("Login", "Resume", "Read", "GetAccount", "GetCertificate", "GetGroupInfo", "GetCursors"),
        *("ReadMailbox", "AcknowledgeMailbox", "Acknowledge", "SendEphemeral"),
        *("GetBlobChunk", "DropBlob", "DropBackup", "SendPairing", "EndPairing", "GetBackup"),
        *("DropWakeUp", "GetWakeUpKey", "GetProfile", "SearchDirectory", "WithdrawProfile"),
    }
    assert all("id" in one.__struct_fields__ for one in NOT_NOW)
