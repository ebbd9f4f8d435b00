"""Plausch: an end-to-end encrypted messenger for people and the businesses they deal with."""

__version__ = "0.1.0"
