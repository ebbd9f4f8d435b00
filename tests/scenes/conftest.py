"""Scenes play in a town with a real server."""

from blob_stores import s3, s3_keys
from cast import town
from engines import postgres

__all__ = ["postgres", "s3", "s3_keys", "town"]
