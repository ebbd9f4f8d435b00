"""Where values come into a phrase; both languages of it have the same places."""

import string


def places(text: str) -> set[str]:
    """Their names; "" for one without."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
