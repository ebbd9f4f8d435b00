"""What both sides of a linking show and ask on a terminal: code, link, digits, yes and no."""

import io
import sys

import segno

from plausch.cli.console import Screen
from plausch.cli.stage.lines import Lines

YES = ("y", "yes", "j", "ja")


def qr_code(text: str) -> str:
    """A QR code of half blocks, light on dark as terminals are."""
    out = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(out, border=2, compact=True)
    return out.getvalue().rstrip("\n")


class Terminal:
    """The person before a device, and the lines that they type.

    Everything is said on standard error: standard output carries the answer alone.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._lines: Lines | None = None

    async def show(self, link: str) -> None:
        """The code, and the link for who has no camera."""
        screen = self._screen
        if sys.stderr.isatty():
            screen.note(qr_code(link))
        screen.note(screen.phrase("link_show"))
        screen.note(link)

    async def compare(self, digits: str) -> None:
        """The digits of this device, to be typed on the other one."""
        self._screen.note(self._screen.phrase("link_digits", digits=f"{digits[:3]} {digits[3:]}"))

    async def wants(self, account: str) -> bool:
        """Yes or no to the account."""
        self._screen.note(self._screen.phrase("link_join", account=account))
        typed = await self._typed()
        return typed is not None and typed.strip().lower() in YES

    async def agrees(self, name: str, attempt: int) -> str | None:
        """The digits that the other device shows; nothing typed is a no."""
        key = "link_agree" if attempt == 1 else "link_again"
        self._screen.note(self._screen.phrase(key, name=name))
        typed = await self._typed()
        return typed if typed and typed.strip() else None

    async def _typed(self) -> str | None:
        if self._lines is None:
            self._lines = Lines(sys.stdin.fileno())
        return await self._lines.next()
