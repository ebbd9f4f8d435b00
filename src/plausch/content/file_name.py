"""Names of files that somebody else chose: what is left of them is safe to show and to write.

A name from a message may want to leave its folder, to hide what it is (right-to-left marks, many
spaces before the true ending), to be a device of Windows, or to be an option of a command.
"""

import re
import unicodedata

NAME_BYTES = 120
"""Of UTF-8: room for a number or a mark beside it in the 255 bytes that file systems allow."""

ENDING_BYTES = 16
"""An ending of up to so many bytes, with its dot, stays when a name is cut."""

NAMELESS = "file"

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co"})
"""Control, format (with all marks of direction), surrogate, private: never shown, so dropped."""

_SPACES = frozenset({"Zs", "Zl", "Zp"})
_FORBIDDEN = re.compile(r'[/\\:*?"<>|]')
_DEVICES = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]) ?(?:\.|$)",
    re.IGNORECASE,
)


def safe_name(name: str) -> str:
    """The name as it may be used for a file, never empty; a safe name stays as it is.

    Every run of white space becomes one space, what a file system refuses becomes `_`.
    """
    shown = unicodedata.normalize("NFC", "".join(map(_shown, name)))
    one_line = re.sub(" +", " ", shown)
    trimmed = _FORBIDDEN.sub("_", one_line).strip(" .") or NAMELESS
    if trimmed.startswith("-") or _DEVICES.match(trimmed):
        trimmed = "_" + trimmed
    return _cut(trimmed)


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category in _SPACES or character in "\t\n\r":
        return " "
    return "" if category in _HIDDEN else character


def _cut(name: str) -> str:
    if len(name.encode()) <= NAME_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending.encode()) >= ENDING_BYTES:
        return _first(name, NAME_BYTES).rstrip(" .")
    kept = _first(stem, NAME_BYTES - len(ending.encode()) - 1)
    return f"{kept.rstrip(' .')}.{ending}"


def _first(text: str, size_bytes: int) -> str:
    """As many whole characters as fit."""
    return text.encode()[:size_bytes].decode(errors="ignore")
