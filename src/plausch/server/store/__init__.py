"""One file per table: its shape and every statement that touches it. One text for both engines.

Keys that end in `_id` are the database's own numbers; a conversation's public id and an account's
name are looked up once. Every table of a conversation's log has `conversation_id` first in its
key, so that PostgreSQL can be sharded by it. Truth values are 0 and 1, absent numbers -1.
"""
