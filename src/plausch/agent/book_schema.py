"""The tables of the book, as steps that bring an older file to the present shape."""

from plausch.agent import ledger, mishaps
from plausch.db.migrate import Step
from plausch.domain.service import DEFAULT_SERVICE

STEPS = (
    Step(
        1,
        "bookings and talks",
        (
            """CREATE TABLE booking (
                uid TEXT PRIMARY KEY,
                sequence BIGINT NOT NULL,
                state TEXT NOT NULL,
                party BIGINT NOT NULL CHECK (party > 0),
                starts_at_s BIGINT NOT NULL,
                ends_at_s BIGINT NOT NULL CHECK (ends_at_s > starts_at_s),
                zone TEXT NOT NULL,
                under_name TEXT NOT NULL,
                hold_until_s BIGINT NOT NULL,
                booked_at_s BIGINT NOT NULL,
                modified_at_s BIGINT NOT NULL,
                conversation {bytes} NOT NULL,
                token {bytes} NOT NULL,
                resources TEXT NOT NULL,
                first_quantum BIGINT NOT NULL,
                end_quantum BIGINT NOT NULL,
                pace_minutes BIGINT NOT NULL,
                pace_window BIGINT NOT NULL,
                UNIQUE (conversation, token)
            )""",
            "CREATE INDEX booking_by_quantum ON booking (first_quantum)",
            "CREATE INDEX booking_by_begin ON booking (starts_at_s)",
            "CREATE INDEX booking_by_hold ON booking (state, hold_until_s)",
            """CREATE TABLE claim (
                resource TEXT NOT NULL,
                quantum BIGINT NOT NULL,
                uid TEXT NOT NULL REFERENCES booking (uid),
                PRIMARY KEY (resource, quantum)
            )""",
            "CREATE INDEX claim_by_uid ON claim (uid)",
            """CREATE TABLE pace (
                slot_minutes BIGINT NOT NULL,
                slot BIGINT NOT NULL,
                covers BIGINT NOT NULL,
                max_covers BIGINT NOT NULL,
                PRIMARY KEY (slot_minutes, slot),
                CHECK (covers >= 0 AND covers <= max_covers)
            )""",
            """CREATE TABLE talk (
                conversation {bytes} PRIMARY KEY,
                state {bytes} NOT NULL
            )""",
            """CREATE TABLE answered (
                log {bytes} PRIMARY KEY,
                last_seq BIGINT NOT NULL
            )""",
            """CREATE TABLE reply (
                log {bytes} NOT NULL,
                seq BIGINT NOT NULL,
                place BIGINT NOT NULL,
                conversation {bytes} NOT NULL,
                content {bytes} NOT NULL,
                PRIMARY KEY (log, seq, place)
            )""",
        ),
    ),
    Step(
        2,
        "several services, each with its pace",
        (
            f"ALTER TABLE booking ADD COLUMN service TEXT NOT NULL DEFAULT '{DEFAULT_SERVICE}'",
            "ALTER TABLE pace RENAME TO old_pace",
            """CREATE TABLE pace (
                service TEXT NOT NULL,
                slot_minutes BIGINT NOT NULL,
                slot BIGINT NOT NULL,
                covers BIGINT NOT NULL,
                max_covers BIGINT NOT NULL,
                PRIMARY KEY (service, slot_minutes, slot),
                CHECK (covers >= 0 AND covers <= max_covers)
            )""",
            "INSERT INTO pace (service, slot_minutes, slot, covers, max_covers) "
            f"SELECT '{DEFAULT_SERVICE}', slot_minutes, slot, covers, max_covers FROM old_pace",  # nosec B608: names of ours
            "DROP TABLE old_pace",
        ),
    ),
    Step(
        3,
        "what staff writes: telephone, note, source, pins; customers, closed places, the queue",
        (
            "ALTER TABLE booking ADD COLUMN telephone TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE booking ADD COLUMN note TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE booking ADD COLUMN source TEXT NOT NULL DEFAULT 'chat'",
            "ALTER TABLE booking ADD COLUMN pinned BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE booking ADD COLUMN customer TEXT NOT NULL DEFAULT ''",
            "ALTER TABLE talk ADD COLUMN at_s BIGINT NOT NULL DEFAULT 0",
            "CREATE INDEX booking_by_customer ON booking (customer, starts_at_s)",
            """CREATE TABLE customer (
                id TEXT PRIMARY KEY,
                name TEXT NOT NULL,
                conversation {bytes} NOT NULL,
                telephone TEXT NOT NULL,
                language TEXT NOT NULL,
                note TEXT NOT NULL,
                visits BIGINT NOT NULL,
                no_shows BIGINT NOT NULL,
                first_seen_s BIGINT NOT NULL,
                last_seen_s BIGINT NOT NULL
            )""",
            "CREATE INDEX customer_by_last_seen ON customer (last_seen_s)",
            """CREATE TABLE block (
                id TEXT PRIMARY KEY,
                resources TEXT NOT NULL,
                starts_at_s BIGINT NOT NULL,
                ends_at_s BIGINT NOT NULL,
                every_weeks BIGINT NOT NULL,
                until_s BIGINT NOT NULL,
                note TEXT NOT NULL,
                source TEXT NOT NULL
            )""",
            "CREATE INDEX block_by_begin ON block (starts_at_s)",
            """CREATE TABLE ticket (
                id TEXT PRIMARY KEY,
                day TEXT NOT NULL,
                number BIGINT NOT NULL,
                party BIGINT NOT NULL CHECK (party > 0),
                under_name TEXT NOT NULL,
                state TEXT NOT NULL,
                added_at_s BIGINT NOT NULL,
                UNIQUE (day, number)
            )""",
        ),
    ),
    Step(
        4,
        "the waiting list, reminders, and when a conversation was last heard",
        (
            "ALTER TABLE booking ADD COLUMN remind_at_s BIGINT NOT NULL DEFAULT 0",
            "ALTER TABLE booking ADD COLUMN coming BIGINT NOT NULL DEFAULT 0",
            "CREATE INDEX booking_by_reminder ON booking (remind_at_s)",
            """CREATE TABLE waiting (
                id TEXT PRIMARY KEY,
                day TEXT NOT NULL,
                service TEXT NOT NULL,
                party BIGINT NOT NULL CHECK (party > 0),
                from_s BIGINT NOT NULL,
                until_s BIGINT NOT NULL CHECK (until_s > from_s),
                under_name TEXT NOT NULL,
                conversation {bytes} NOT NULL,
                customer TEXT NOT NULL,
                state TEXT NOT NULL,
                uid TEXT NOT NULL,
                offered_until_s BIGINT NOT NULL,
                added_at_s BIGINT NOT NULL
            )""",
            "CREATE INDEX waiting_by_day ON waiting (day, added_at_s)",
            "CREATE INDEX waiting_by_state ON waiting (state, until_s)",
            "CREATE TABLE swept (what TEXT PRIMARY KEY, at_s BIGINT NOT NULL)",
        ),
    ),
    Step(5, "operations", ledger.STATEMENTS),
    Step(
        6,
        "when a customer was last told that nobody is there",
        ("ALTER TABLE customer ADD COLUMN away_at_s BIGINT NOT NULL DEFAULT 0",),
    ),
    Step(
        7,
        "which customers are another one",
        (
            "CREATE TABLE merged (id TEXT PRIMARY KEY, customer TEXT NOT NULL)",
            "CREATE INDEX merged_by_customer ON merged (customer)",
        ),
    ),
    Step(8, "what went wrong on our side", mishaps.STATEMENTS),
    Step(
        9,
        "which book this is",
        (
            """CREATE TABLE this_book (
                one BIGINT PRIMARY KEY CHECK (one = 1),
                id TEXT NOT NULL
            )""",
        ),
    ),
    Step(10, "which guests were told of a fault of ours", mishaps.TOLD_STATEMENTS),
    Step(11, "which devices were the agent", ledger.AGENT_STATEMENTS),
)
