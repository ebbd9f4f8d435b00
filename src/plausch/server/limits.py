"""How much one device, account or conversation may ask for (spec/delivery.md, spec/wire.md)."""

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * 1024
DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits, with their defaults; an operator may change each one."""

    message_bytes: int = 64 * KIB
    commit_bundle_bytes: int = 2 * MIB
    """Commit, Welcome and GroupInfo of one AppendCommit together."""
    key_packages: int = 100
    """Unclaimed key packages of one device."""
    key_package_bytes: int = 16 * KIB
    participants: int = 1_000
    members: int = 2_000
    proposals_per_epoch: int = 1_000
    devices_per_person: int = 6
    devices_per_business: int = 50
    sends_per_day: int = 100_000
    """Appends of one device in a day (UTC)."""
    conversations_per_day: int = 200
    """New conversations of one account in 24 hours."""
    registrations_burst: int = 20
    """Registrations from one network address at once."""
    registrations_per_hour: float = 20.0
    claims_burst: int = 500
    """Key packages that one account may claim at once: more would exhaust others' supply."""
    claims_per_hour: float = 500.0
    read_envelopes: int = 500
    read_bytes: int = 1 * MIB
    """A stretch of the log ends after the envelope that passes this size."""
    read_mailbox: int = 50
    moved: int = 1_000
    retention_ms: int = 30 * DAY_MS
    """An envelope leaves the log at this age, acknowledged or not."""
    remembered_ms: int = DAY_MS
    """An envelope stays at least this long, so that a retry finds its first answer."""
