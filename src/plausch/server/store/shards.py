"""Where the rows of each table lie when PostgreSQL is many machines (Citus, decision 0027).

A table of BY_CONVERSATION or BY_DEVICE is distributed by the hash of that column: all rows of one
value lie on one shard, those of all tables of the same group together. EVERYWHERE is small, seldom
written, and has a copy on every machine, so that it may be joined with anything and referred to by
everything. What is IN_ONE_PLACE stays on the coordinator: nothing of it is asked for by an append.

Every key and every unique index of a distributed table has the column in it, for no shard sees
another one's rows. Without Citus the tables stay whole and keep the stricter keys that they have.
"""

from functools import lru_cache

from plausch.db.interface import Database, Transaction
from plausch.server.store.conversation import key_of

BY_CONVERSATION = {
    "conversation": "id",
    "group_info": "conversation_id",
    "member": "conversation_id",
    "stay": "conversation_id",
    "device_cursor": "conversation_id",
    "envelope": "conversation_id",
    "proposal": "conversation_id",
    "welcome": "conversation_id",
}
BY_DEVICE = {
    "mailbox": "device_id",
    "key_package": "device_id",
    "claimed_key_package": "device_id",
}
EVERYWHERE = ("account", "device")
IN_ONE_PLACE = (
    "allowance",
    "regime",
    "suspension",
    "invitation",
    "blob",
    "upload",
    "upload_tail",
    "backup",
    "recovery_key",
    "profile",
    "profile_picture",
    "report",
    "reporting_key",
    "disclosed",
    "wake_up",
    "wake_up_key",
    "sweep",
    "filling",
    "schema_step",
    "schema_floor",
)

SHARDS = 32
"""Of each distributed table: Citus's default, said in the step so that one can count on it."""

_ALL_BITS = 0xFFFF_FFFF

ROOM = (
    "ALTER TABLE conversation SET (fillfactor = 70)",
    "ALTER TABLE device_cursor SET (fillfactor = 70)",
    "ALTER TABLE device SET (fillfactor = 80)",
    "ALTER TABLE envelope SET (autovacuum_vacuum_scale_factor = 0.02, "
    "autovacuum_vacuum_insert_scale_factor = 0.1, autovacuum_analyze_scale_factor = 0.05)",
    "ALTER TABLE conversation SET (autovacuum_vacuum_scale_factor = 0.05)",
    "ALTER TABLE device_cursor SET (autovacuum_vacuum_scale_factor = 0.05)",
    "ALTER TABLE mailbox SET (autovacuum_vacuum_scale_factor = 0.05)",
    "ALTER TABLE key_package SET (autovacuum_vacuum_scale_factor = 0.05)",
)
"""PostgreSQL: room in the pages of rows that are written again and again, and how early rows that
were let go of make room for others."""

NOT_YET = (
    "SELECT 1 FROM pg_extension WHERE extname = 'citus' "
    "AND to_regclass('conversation_public_id_key') IS NOT NULL"
)
"""PostgreSQL: has a row where DISTRIBUTE has work to do: the key is the first that it drops."""

DISTRIBUTE = (
    """DO $step$
DECLARE
    link record;
    again text[] := ARRAY[]::text[];
    command text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')
            OR to_regclass('conversation_public_id_key') IS NULL THEN
        RETURN;
    END IF;
    -- References to a table have to go while it is distributed. They come back, but the one that
    -- crosses from a device's shard to a conversation's.
    FOR link IN
        SELECT c.conrelid::regclass::text AS owner, c.conname AS name,
            pg_get_constraintdef(c.oid) AS definition
        FROM pg_constraint c
        WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace
            AND c.confrelid IN ('account'::regclass, 'device'::regclass, 'conversation'::regclass,
                'welcome'::regclass)
        ORDER BY 1, 2
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', link.owner, link.name);
        IF link.owner <> 'mailbox' OR link.definition NOT LIKE '%REFERENCES welcome%' THEN
            again := again || format('ALTER TABLE %s ADD CONSTRAINT %I %s', link.owner, link.name,
                link.definition);
        END IF;
    END LOOP;
    PERFORM create_reference_table('account');
    PERFORM create_reference_table('device');

    ALTER TABLE conversation DROP CONSTRAINT conversation_public_id_key;
    CREATE INDEX conversation_public_id ON conversation (public_id);
    PERFORM create_distributed_table('conversation', 'id', colocate_with => 'none',
        shard_count => 32);
    PERFORM create_distributed_table('group_info', 'conversation_id',
        colocate_with => 'conversation');
    PERFORM create_distributed_table('member', 'conversation_id', colocate_with => 'conversation');
    PERFORM create_distributed_table('stay', 'conversation_id', colocate_with => 'conversation');
    PERFORM create_distributed_table('device_cursor', 'conversation_id',
        colocate_with => 'conversation');
    PERFORM create_distributed_table('envelope', 'conversation_id',
        colocate_with => 'conversation');
    PERFORM create_distributed_table('proposal', 'conversation_id',
        colocate_with => 'conversation');
    PERFORM create_distributed_table('welcome', 'conversation_id',
        colocate_with => 'conversation');

    ALTER TABLE key_package DROP CONSTRAINT key_package_pkey,
        DROP CONSTRAINT key_package_ref_key,
        ADD PRIMARY KEY (device_id, id),
        ADD UNIQUE (device_id, ref);
    ALTER TABLE claimed_key_package DROP CONSTRAINT claimed_key_package_pkey,
        ADD PRIMARY KEY (device_id, ref);
    PERFORM create_distributed_table('mailbox', 'device_id', colocate_with => 'none',
        shard_count => 32);
    PERFORM create_distributed_table('key_package', 'device_id', colocate_with => 'mailbox');
    PERFORM create_distributed_table('claimed_key_package', 'device_id',
        colocate_with => 'mailbox');

    FOREACH command IN ARRAY again LOOP
        EXECUTE command;
    END LOOP;
END
$step$""",
)
"""PostgreSQL: does nothing where the extension `citus` is not there, or all is distributed. Takes
as long as the rows need to move, and nobody may serve meanwhile."""


async def is_distributed(tx: Transaction) -> bool:
    """Whether the tables of this PostgreSQL lie on several machines."""
    return bool(await tx.fetch("SELECT 1 FROM pg_extension WHERE extname = 'citus'"))


async def shards_of(database: Database) -> int:
    """On how many shards conversations lie: SHARDS or 1. Raises StorageUnavailable."""
    is_one = database.engine != "postgresql" or not await database.read(is_distributed)
    return 1 if is_one else SHARDS


@lru_cache(maxsize=65_536)
def shard_of_conversation(public_id: bytes) -> int:
    """As `shard_of`, of a conversation whose key is computed from its id."""
    return shard_of(key_of(public_id))


def shard_of(key: int) -> int:
    """Which of the SHARDS a row with this distribution key lies on: Citus gives each an equal part
    of the range of PostgreSQL's `hashint8`, which is computed here (common/hashfn.c)."""
    low, high = key & _ALL_BITS, (key >> 32) & _ALL_BITS
    word = low ^ (high if key >= 0 else high ^ _ALL_BITS)
    b = c = 0x9E37_79B9 + 4 + 3_923_095
    a = (b + word) & _ALL_BITS
    c = _mixed(c, b, 14)
    a = _mixed(a, c, 11)
    b = _mixed(b, a, 25)
    c = _mixed(c, b, 16)
    a = _mixed(a, c, 4)
    b = _mixed(b, a, 14)
    c = _mixed(c, b, 24)
    return (c ^ 0x8000_0000) * SHARDS >> 32


def _mixed(word: int, by: int, bits: int) -> int:
    return ((word ^ by) - (by << bits | by >> 32 - bits)) & _ALL_BITS
