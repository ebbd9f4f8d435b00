"""The Python half of python_twin.test.ts: what `plausch.content` says of each case that stands on
standard input, as JSON: a list of [kind, argument].
"""

import json
import sys
from collections.abc import Callable
from typing import Any

from plausch.base.ids import AccountAddress, DeviceAddress, NameRefused
from plausch.content import cbor, mimi
from plausch.content.attachment import attachments_of
from plausch.content.cards import card_of, decode_card
from plausch.content.conversation import title_of
from plausch.content.errors import ContentError
from plausch.content.file_name import safe_name
from plausch.content.fork import mark_of
from plausch.content.mimi import MimiContent, SinglePart
from plausch.content.purpose import purpose_of
from plausch.content.status import statuses_of
from plausch.content.text import (
    Mention,
    mention_message,
    mentions_in,
    reactions_of,
    readable_text,
)

ANNA = AccountAddress("anna", "example.org")
SALT = bytes(16)


def code_of(read: Callable[[], object]) -> str:
    """The code of the error that reading raises, `none` when it raises none."""
    try:
        read()
    except (ContentError, NameRefused) as error:
        return error.code
    return "none"


def said(content: MimiContent) -> list[Any]:
    """What every reader of a message must agree about."""
    mark = None if code_of(lambda: mark_of(content)) != "none" else mark_of(content)
    return [
        content.encode().hex(),
        readable_text(content),
        readable_text(content, ("en-GB", "de")),
        str(purpose_of(content)),
        [str(account) for account in mentions_in(content)],
        list(reactions_of(content)),
        code_of(lambda: title_of(content)),
        code_of(lambda: statuses_of(content)),
        code_of(lambda: mark_of(content)),
        None if mark is None else [str(mark.epoch), mark.digest.hex()],
        card_of(content) is not None,
        [[one.name, one.content_type, one.size_bytes] for one in attachments_of(content)],
    ]


def message(raw: str) -> Any:
    """Of bytes that may be a message."""
    code = code_of(lambda: mimi.decode(bytes.fromhex(raw)))
    return said(mimi.decode(bytes.fromhex(raw))) if code == "none" else code


def markdown(text: str) -> Any:
    """Of words as Markdown."""
    part = SinglePart(content_type=" Text/Markdown; x", content=text.encode())
    return said(MimiContent(salt=SALT, part=part))


def mention(words: str) -> str:
    """How words are written beside a mention."""
    return mention_message([words, Mention(ANNA, words)], salt=SALT).encode().hex()


def address(text: str) -> list[str]:
    """Which addresses a text is."""
    return [
        code_of(lambda: AccountAddress.parse(text)),
        code_of(lambda: AccountAddress.parse_uri(text)),
        code_of(lambda: DeviceAddress.parse_uri(text)),
    ]


ANSWERS: dict[str, Callable[[str], Any]] = {
    "cbor": lambda raw: code_of(lambda: cbor.decode(bytes.fromhex(raw))),
    "card": lambda raw: code_of(lambda: decode_card(bytes.fromhex(raw))),
    "message": message,
    "markdown": markdown,
    "mention": mention,
    "file name": safe_name,
    "address": address,
}


def main() -> None:
    """One answer for each case."""
    cases = json.load(sys.stdin)
    json.dump([ANSWERS[kind](argument) for kind, argument in cases], sys.stdout)


if __name__ == "__main__":
    main()
