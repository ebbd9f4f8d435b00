"""How much of what one device, account or address may have of the server (spec/wire.md).

What is of a day or an hour is one amount for all processes of the database together (allowance.py,
hourly.py), except what says otherwise.
"""

from dataclasses import dataclass

KIB = 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits that an operator can set; the defaults suit a server for a town."""

    devices_per_person: int = 6
    devices_per_business: int = 50
    new_devices_per_day: int = 100
    """Devices that one account may list for the first time: their rows stay."""

    device_lists_per_hour: int = 60
    """By one account: each list is told to everybody who shares a conversation with it."""

    key_packages_per_device: int = 100
    participants_per_conversation: int = 1_000
    sends_per_device_per_day: int = 20_000
    envelopes_per_account: int = 1_000_000
    """How many messages an account may append in `retention_days`, which is as long as one stays:
    at most twice as many are there at a time. Commits have limits of their own."""

    conversations_per_device_per_day: int = 200
    registrations_per_address_per_hour: int = 1_000
    connections_per_address: int = 10_000
    openings_per_address: int = 256
    openings: int = 4_000
    """Connections on which nobody has logged in yet, of one address and of all together."""

    doors: int = 8_000
    """Connections that are no WebSockets, or not yet; more are cut off at once."""

    answers_per_address: int = 256
    """Answers of plain HTTP that are on their way to one address."""

    opening_bytes: int = 32 * KIB
    """What a connection may send before somebody has logged in on it."""

    login_ms: int = 10_000
    """A connection has this long to log in."""

    pairings: int = 4_000
    pairings_per_address: int = 16
    """Pairings at one moment; one counts for the address that began it."""

    pairings_per_address_per_hour: int = 60
    pairing_entries_per_address_per_hour: int = 1_200
    """How often one address may take a side or come back to it: what it missed is sent again."""

    pairing_ms: int = 600_000
    """A pairing is over after this long."""

    pairing_message_bytes: int = 16 * KIB
    pairing_bytes_per_address: int = 256 * KIB
    pairing_bytes: int = 64 * 1024 * KIB
    """What lies in memory of the pairings that one address began, and of all together."""

    recoveries_per_address_per_hour: int = 30
    """Questions about a backup, and adoptions, by devices that have not logged in."""

    requests_waiting: int = 256
    """Appends of one connection not answered yet; at this number its bytes are left unread. One
    counts once more for each 4 KiB."""

    requests_queued: int = 4_096
    """Requests that were in the bytes read by then and wait for the ones before them; a
    connection with more is closed."""

    unread_bytes: int = 1024 * KIB
    """What a connection may leave unread, on top of the largest frame, before it is closed as a
    slow reader."""

    unread_total_bytes: int = 256 * 1024 * KIB
    """What all connections of the process together may leave unread; beyond it, those are cut off
    that left the most."""

    inline_bytes: int = 32 * KIB
    """Up to this many bytes of envelopes travel in a `Delivery`; more is left to be read."""

    cursor_members: int = 64
    """Conversations with more member devices get no `CursorMoved`: n devices cause n^2 frames."""

    ephemerals_per_minute: int = 600
    """Of up to 1 KiB; a larger one counts once more for each KiB."""

    pings_per_minute: int = 120
    login_attempts: int = 3
    silence_ms: int = 45_000
    """After this long without a byte a connection is asked for a sign of life, after twice this
    long it is closed."""

    retention_days: int = 30
    """An envelope leaves the log at this age, acknowledged or not."""

    remembered_hours: int = 24
    """An envelope stays at least this long, so that a retry finds its first answer."""

    message_bytes: int = 64 * KIB
    commit_bundle_bytes: int = 2048 * KIB
    """Commit, Welcome and GroupInfo of one AppendCommit together."""

    first_group_info_bytes: int = 64 * KIB
    """The GroupInfo of a new conversation, which has one leaf."""

    commits_per_device_per_day: int = 2_000
    commit_bytes_per_account_per_day: int = 256 * 1024 * KIB
    checking_ms_per_hour: int = 30_000
    """Processor time that a process of the server spends on checking the Commits of one account, as
    much on its key packages and as much on its new conversations, refused ones included. Each
    process's own: it protects the process."""

    mailbox_items: int = 1_000
    mailbox_bytes: int = 64 * 1024 * KIB
    """Welcomes that wait for one device."""

    key_package_bytes: int = 16 * KIB
    key_packages_claimed_per_hour: int = 2_000
    """By one account: more would exhaust other people's supply. An account with more devices than
    this could not be added."""

    claims_of_an_account_per_hour: int = 20
    """How often one account may claim the key packages of another one."""

    proposals_per_epoch: int = 1_000
    proposal_bytes_per_epoch: int = 1024 * KIB
    read_bytes: int = 1024 * KIB
    """A stretch of the log ends before the envelope that would pass this size."""

    blob_bytes: int = (100 * 1024 + 64) * KIB
    """A file of 100 MiB, and what its encryption adds."""

    blob_bytes_per_account: int = 1024 * 1024 * KIB
    blobs_per_account: int = 10_000
    blob_uploads_per_account: int = 32
    """Blobs of one account that are not whole yet."""

    blob_upload_hours: int = 24
    """An upload that is not finished after this long is given up."""

    blob_retention_days: int = 90
    blob_upload_bytes_per_hour: int = 2 * 1024 * 1024 * KIB
    blob_download_bytes_per_hour: int = 8 * 1024 * 1024 * KIB
    """By one account; a request counts as 16 KiB at least, and one of more bytes than this is
    refused: with less than a chunk (128 KiB), no file goes through."""

    wake_up_pause_ms: int = 15_000
    """A device that is not connected is woken at most once in this time."""

    wake_ups_set_per_hour: int = 30
    """How often a device may hand in where it wants to be woken."""

    reports_per_hour: int = 20
    """By one account, refused ones included."""

    open_reports_per_account: int = 100
    """Reports of one account that the operator has not closed yet."""

    profiles_published_per_hour: int = 60
    searches_per_hour: int = 600
    """By one account, refused ones included."""

    maintenance_retry_ms: int = 15_000
    """During maintenance a device tries again after once to twice this long."""

    blob_reserve_bytes: int = 256 * 1024 * KIB
    """So much of the disk stays free of blobs: messages must not be refused because of files."""


AT_LEAST_ONE = frozenset(
    {
        "devices_per_person",
        "devices_per_business",
        "participants_per_conversation",
        "connections_per_address",
        "openings_per_address",
        "openings",
        "doors",
        "answers_per_address",
        "opening_bytes",
        "login_ms",
        "pairing_ms",
        "requests_waiting",
        "requests_queued",
        "login_attempts",
        "pings_per_minute",
        "silence_ms",
        "maintenance_retry_ms",
        "retention_days",
        "blob_retention_days",
        "blob_upload_hours",
        "message_bytes",
        "commit_bundle_bytes",
        "first_group_info_bytes",
        "key_package_bytes",
    }
)
"""With 0 of these nobody could use the server, or it would lose what it was given; 0 of the
others is "none of it", or "no limit" where spec/delivery.md says so."""
