"""How much of what one device, account or address may have of the server (spec/wire.md)."""

from dataclasses import dataclass

KIB = 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits that an operator can set; the defaults suit a server for a town."""

    devices_per_person: int = 6
    devices_per_business: int = 50
    key_packages_per_device: int = 100
    participants_per_conversation: int = 1_000
    sends_per_device_per_day: int = 20_000
    conversations_per_device_per_day: int = 200
    registrations_per_address_per_hour: int = 1_000
    connections_per_address: int = 10_000
    requests_waiting: int = 256
    """Requests of one connection not answered yet; at this number its bytes are left unread."""

    unread_bytes: int = 1024 * KIB
    """Pushes that a connection may leave unread before it is closed as a slow reader."""

    inline_bytes: int = 32 * KIB
    """Up to this many bytes of envelopes travel in a `Delivery`; more is left to be read."""

    cursor_members: int = 64
    """Conversations with more member devices get no `CursorMoved`: n devices cause n^2 frames."""

    ephemerals_per_minute: int = 600
    login_attempts: int = 3
    silence_ms: int = 45_000
    """After this long without a byte a connection is asked for a sign of life, after twice this
    long it is closed; it has this long to log in."""

    retention_days: int = 30
    """An envelope leaves the log at this age, acknowledged or not."""

    remembered_hours: int = 24
    """An envelope stays at least this long, so that a retry finds its first answer."""

    message_bytes: int = 64 * KIB
    commit_bundle_bytes: int = 2048 * KIB
    """Commit, Welcome and GroupInfo of one AppendCommit together."""

    key_package_bytes: int = 16 * KIB
    key_packages_claimed_per_hour: int = 2_000
    """By one account: more would exhaust other people's supply."""

    proposals_per_epoch: int = 1_000
    read_bytes: int = 1024 * KIB
    """A stretch of the log ends before the envelope that would pass this size."""
