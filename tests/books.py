"""Homes of agents without an account: a business's file and a book."""

from pathlib import Path

from linde import ZONE
from plausch.agent.config import example_text
from plausch.cli.agent import BUSINESS_FILE

__all__ = ["ZONE", "home_in"]


def home_in(folder: Path) -> Path:
    """A home with the example business, in which no agent was set up."""
    home = folder / "linde"
    home.mkdir()
    (home / BUSINESS_FILE).write_text(example_text(), encoding="utf-8")
    return home
