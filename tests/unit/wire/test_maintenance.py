"""What a server in maintenance does not take."""

from typing import get_args

from plausch.wire import frames as f
from plausch.wire.maintenance import NOT_NOW, leaves_something_new


def test_what_may_be_done_during_maintenance_leaves_nothing_new() -> None:
    """A new frame has to be thought about here."""
    allowed = {one.__name__ for one in set(get_args(f.ClientFrame)) - NOT_NOW}
    assert allowed == {
        *("Login", "Resume", "Read", "GetAccount", "GetCertificate", "GetGroupInfo", "GetCursors"),
        *("ReadMailbox", "AcknowledgeMailbox", "Acknowledge", "SendEphemeral"),
        *("GetBlobChunk", "DropBlob", "DropBackup", "SendPairing", "EndPairing", "GetBackup"),
        "PublishDeviceList",  # without certificates
        *("DropWakeUp", "GetWakeUpKey", "GetProfile", "SearchDirectory", "WithdrawProfile"),
    }
    assert all("id" in one.__struct_fields__ for one in NOT_NOW)


def test_a_device_may_be_removed_but_none_brought_in() -> None:
    assert not leaves_something_new(f.PublishDeviceList(1, b"list", []))
    assert leaves_something_new(f.PublishDeviceList(1, b"list", [b"certificate"]))
    assert leaves_something_new(f.DropBackup(1)) is False
    assert leaves_something_new(f.Append(7, b"c" * 16, 1, f.APPLICATION, b"m", b"i" * 16))
