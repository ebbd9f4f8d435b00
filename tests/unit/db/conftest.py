"""Databases for the tests of the engines."""

from engines import postgres

__all__ = ["postgres"]
