"""While an operator works on a server it takes nothing new (spec/wire.md, Maintenance)."""

from plausch.wire import frames as f

MAINTENANCE = "maintenance"
MAINTAINED = "This server takes nothing new at the moment."
"""Every refusal begins with it; what follows is the operator's."""

NOT_NOW: frozenset[type[f.Frame]] = frozenset(
    {
        f.Register,
        f.UploadKeyPackages,
        f.ClaimKeyPackages,
        f.CreateConversation,
        f.Append,
        f.AppendCommit,
        f.BeginBlob,
        f.PutBlobChunk,
        f.OpenPairing,
        f.KeepBackup,
        f.AdoptDevice,
        f.SetWakeUp,
        f.Report,
        f.PublishProfile,
    }
)
"""What always leaves something new on the server. The rest reads, acknowledges, or lets go: what
its owner wants gone, a file, a backup, a public profile, does not have to wait."""


def leaves_something_new(frame: f.ClientFrame) -> bool:
    """Whether it is not taken now. A device list without certificates brings in no device: a stolen
    one can be removed at any time."""
    if isinstance(frame, f.PublishDeviceList):
        return bool(frame.certificates)
    return type(frame) in NOT_NOW
