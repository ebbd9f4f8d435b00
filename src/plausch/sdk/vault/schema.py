"""The shape of the vault's tables, as numbered steps (plausch.db.migrate).

Sealed columns are marked; the rest are names, numbers and signed public objects. `own` has one
row. `message.ordinal_ms` is the server's time of acceptance, made monotonic within a log.
"""

from plausch.db.migrate import Step

STEPS = (
    Step(
        1,
        "first tables",
        (
            """CREATE TABLE own (
                slot INTEGER PRIMARY KEY CHECK (slot = 1),
                server_url TEXT NOT NULL,
                uri TEXT NOT NULL,
                kind TEXT NOT NULL,
                identity_secret {bytes} NOT NULL, -- sealed; empty inside on a linked device
                device_secret {bytes} NOT NULL, -- sealed
                certificate {bytes} NOT NULL,
                device_list {bytes} NOT NULL,
                registered INTEGER NOT NULL,
                mailbox BIGINT NOT NULL
            )""",
            """CREATE TABLE key_package (
                ref {bytes} PRIMARY KEY,
                suite INTEGER NOT NULL,
                last_resort INTEGER NOT NULL,
                bundle {bytes} NOT NULL, -- sealed
                public {bytes} NOT NULL,
                uploaded INTEGER NOT NULL,
                used INTEGER NOT NULL,
                made_at_ms BIGINT NOT NULL
            )""",
            """CREATE TABLE account (
                uri TEXT PRIMARY KEY,
                kind TEXT NOT NULL,
                identity_key {bytes} NOT NULL,
                device_list {bytes} NOT NULL,
                state TEXT NOT NULL,
                known INTEGER NOT NULL,
                offered_key {bytes} NOT NULL,
                offered_list {bytes} NOT NULL
            )""",
            """CREATE TABLE conversation (
                id {bytes} PRIMARY KEY,
                state TEXT NOT NULL,
                request INTEGER NOT NULL,
                title {bytes} NOT NULL, -- sealed
                members TEXT NOT NULL,
                invited TEXT NOT NULL,
                epoch BIGINT NOT NULL,
                cursor BIGINT NOT NULL,
                read_seq BIGINT NOT NULL,
                active_at_ms BIGINT NOT NULL,
                ordinal_ms BIGINT NOT NULL,
                epoch_state {bytes} NOT NULL, -- sealed
                ratchet_state {bytes} NOT NULL -- sealed
            )""",
            """CREATE TABLE message (
                position {serial},
                conversation {bytes} NOT NULL,
                message_id {bytes} NOT NULL UNIQUE,
                seq BIGINT,
                sender TEXT NOT NULL,
                outgoing INTEGER NOT NULL,
                kind TEXT NOT NULL,
                target {bytes},
                content {bytes} NOT NULL, -- sealed
                ordinal_ms BIGINT NOT NULL,
                sent_at_ms BIGINT NOT NULL,
                expires_at_ms BIGINT,
                failure TEXT NOT NULL,
                envelope_hash {bytes},
                fork_suspected INTEGER NOT NULL,
                handled INTEGER NOT NULL
            )""",
            "CREATE INDEX message_order ON message (conversation, ordinal_ms, position)",
            "CREATE INDEX message_target ON message (target) WHERE target IS NOT NULL",
            "CREATE INDEX message_unhandled ON message (position) WHERE handled = 0",
            "CREATE INDEX message_waiting ON message (envelope_hash) "
            "WHERE envelope_hash IS NOT NULL",
            "CREATE INDEX message_expiry ON message (expires_at_ms) "
            "WHERE expires_at_ms IS NOT NULL",
            """CREATE TABLE outbox (
                entry {serial},
                conversation {bytes} NOT NULL,
                kind TEXT NOT NULL,
                message_id {bytes},
                idempotency_id {bytes} NOT NULL UNIQUE,
                intent {bytes} NOT NULL, -- sealed: content, or what shall change
                epoch BIGINT NOT NULL, -- of the payload, -1 while there is none
                payload {bytes} NOT NULL -- what travels: MLS messages, no secrets
            )""",
            "CREATE INDEX outbox_order ON outbox (conversation, entry)",
            """CREATE TABLE mark (
                conversation {bytes} NOT NULL,
                account TEXT NOT NULL,
                seq BIGINT NOT NULL, -- a device of the account has everything up to here
                PRIMARY KEY (conversation, account)
            )""",
            """CREATE TABLE status (
                message_id {bytes} NOT NULL,
                account TEXT NOT NULL,
                status INTEGER NOT NULL,
                at_ms BIGINT NOT NULL,
                PRIMARY KEY (message_id, account)
            )""",
            """CREATE TABLE problem (
                number {serial},
                conversation {bytes},
                seq BIGINT,
                code TEXT NOT NULL,
                sentence TEXT NOT NULL,
                at_ms BIGINT NOT NULL
            )""",
        ),
    ),
    Step(
        2,
        "uploads",
        (
            """CREATE TABLE upload (
                number {serial},
                upload_id {bytes} NOT NULL UNIQUE,
                conversation {bytes} NOT NULL,
                content {bytes} NOT NULL -- sealed
            )""",
        ),
    ),
    Step(
        3,
        "stamps",
        (
            "ALTER TABLE message ADD COLUMN stamp {bytes}",
            "ALTER TABLE message ADD COLUMN stamped_device TEXT",
            "ALTER TABLE message ADD COLUMN stamped_at_ms BIGINT",
        ),
    ),
    Step(
        4,
        "groups",
        (
            "ALTER TABLE conversation ADD COLUMN admins TEXT",
            "ALTER TABLE conversation ADD COLUMN picture {bytes}",  # sealed
            "ALTER TABLE conversation ADD COLUMN link {bytes}",  # sealed
        ),
    ),
    Step(
        5,
        "profiles",
        ("CREATE TABLE profile (uri TEXT PRIMARY KEY, signed {bytes} NOT NULL)",),
    ),
    Step(
        6,
        "team",
        (
            """CREATE TABLE spoken (
                position {serial},
                conversation {bytes} NOT NULL,
                seq BIGINT NOT NULL,
                device TEXT NOT NULL,
                content {bytes} NOT NULL, -- sealed
                accepted_at_ms BIGINT NOT NULL,
                UNIQUE (conversation, seq)
            )""",
        ),
    ),
    Step(
        7,
        "how far a log is read a second time",
        ("ALTER TABLE conversation ADD COLUMN known BIGINT NOT NULL DEFAULT 0",),
    ),
)
