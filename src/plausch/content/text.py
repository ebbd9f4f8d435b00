"""Messages of words: what people write, and how any message reads as text.

Plain words travel as text/plain, mentions as GFM-MIMI Markdown (draft-ietf-mimi-content-08
sections 5 and 7.1). Salts are arguments: 16 random bytes, new for each message.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from plausch.base.ids import AccountAddress, MessageId, NameRefused
from plausch.content.errors import ContentError
from plausch.content.mimi import (
    TEXT_MARKDOWN,
    TEXT_PLAIN,
    Disposition,
    Expiration,
    ExternalPart,
    MimiContent,
    MultiPart,
    NullPart,
    Part,
    Semantics,
    SinglePart,
    leaves,
)

MAX_REACTION_BYTES = 64
"""One emoji with all its joiners; a reaction is a sign, not a speech."""


@dataclass(frozen=True, slots=True)
class Mention:
    """An account named in a text, shown as `@name`."""

    account: AccountAddress
    name: str


def text_part(
    text: str, *, language: str = "", disposition: int = Disposition.RENDER
) -> SinglePart:
    """Words without markup."""
    return SinglePart(
        content_type=TEXT_PLAIN,
        content=_utf8(text),
        language=language,
        disposition=disposition,
    )


def markdown_part(markdown: str, *, language: str = "") -> SinglePart:
    """GitHub flavoured Markdown without HTML (section 7.1.1)."""
    return SinglePart(content_type=TEXT_MARKDOWN, content=_utf8(markdown), language=language)


def text_message(
    text: str,
    *,
    salt: bytes,
    language: str = "",
    in_reply_to: MessageId | None = None,
    topic_id: bytes = b"",
    expires: Expiration | None = None,
) -> MimiContent:
    """What a person typed. `language` is a BCP 47 tag or empty."""
    return MimiContent(
        salt=salt,
        part=text_part(text, language=language),
        in_reply_to=in_reply_to,
        topic_id=topic_id,
        expires=expires,
    )


def reply(text: str, to: MessageId, *, salt: bytes, language: str = "") -> MimiContent:
    """An answer to one message (section 5.2)."""
    return text_message(text, salt=salt, language=language, in_reply_to=to)


def mention_message(
    pieces: Sequence[str | Mention], *, salt: bytes, in_reply_to: MessageId | None = None
) -> MimiContent:
    """Words and the accounts named among them (section 5.4); the words are not markup."""
    markdown = "".join(
        f"[@{_escaped(piece.name)}]({piece.account.uri})"
        if isinstance(piece, Mention)
        else _escaped(piece)
        for piece in pieces
    )
    return MimiContent(salt=salt, part=markdown_part(markdown), in_reply_to=in_reply_to)


def reaction(emoji: str, to: MessageId, *, salt: bytes) -> MimiContent:
    """One sign of feeling about one message (section 5.3). Raises ContentError when it is long."""
    if not 0 < len(_utf8(emoji)) <= MAX_REACTION_BYTES:
        raise ContentError(f"A reaction has 1 to {MAX_REACTION_BYTES} bytes.")
    return MimiContent(
        salt=salt,
        part=text_part(emoji, disposition=Disposition.REACTION),
        in_reply_to=to,
    )


def unlike(own_reaction: MessageId, reacted_to: MessageId, *, salt: bytes) -> MimiContent:
    """Take one's own reaction back (section 5.7)."""
    return MimiContent(
        salt=salt,
        part=NullPart(disposition=Disposition.REACTION),
        replaces=own_reaction,
        in_reply_to=reacted_to,
    )


def edit(
    text: str,
    first: MessageId,
    *,
    salt: bytes,
    in_reply_to: MessageId | None = None,
    language: str = "",
) -> MimiContent:
    """New words for one's own message (section 5.5).

    `first` is the message as it was first sent, whatever edits came between; `in_reply_to`
    repeats what the first one answered.
    """
    return MimiContent(
        salt=salt,
        part=text_part(text, language=language),
        replaces=first,
        in_reply_to=in_reply_to,
    )


def delete(first: MessageId, *, salt: bytes, in_reply_to: MessageId | None = None) -> MimiContent:
    """Take one's own message back (section 5.6); `first` as in `edit`."""
    return MimiContent(salt=salt, part=NullPart(), replaces=first, in_reply_to=in_reply_to)


# --- reading ---------------------------------------------------------------------------------


def readable_text(content: MimiContent, languages: Sequence[str] = ()) -> str:
    """The message as words, empty when it has none to show.

    Of alternatives it takes the first that it can read in the first of `languages` (BCP 47
    tags, most wanted first) that there is, then one of no language, then any. What it cannot
    read it names in brackets by description, file name or media type.
    """
    return _read(content.part, languages)


def language_of(content: MimiContent) -> str:
    """The language (primary subtag of BCP 47, in lower case) that its words are marked with."""
    for part in leaves(content.part):
        if part.language and _is_readable(part):
            return part.language.partition(",")[0].partition("-")[0].strip().lower()
    return ""


def reactions_of(content: MimiContent) -> tuple[str, ...]:
    """The signs of a reaction message, empty when it is none."""
    return tuple(
        _decoded(part)
        for part in leaves(content.part)
        if isinstance(part, SinglePart)
        and part.disposition == Disposition.REACTION
        and media_type(part) == "text/plain"
        and 0 < len(part.content) <= MAX_REACTION_BYTES
    )


def mentions_in(content: MimiContent) -> tuple[AccountAddress, ...]:
    """The accounts named in the message, in order, each once."""
    found: dict[AccountAddress, None] = {}
    for part in leaves(content.part):
        if isinstance(part, SinglePart) and media_type(part) == "text/markdown":
            for match in _MENTION.finditer(_decoded(part)):
                try:
                    found[AccountAddress.parse_uri(match[2])] = None
                except NameRefused:
                    continue  # a link to something else, or nonsense: not a mention
    return tuple(found)


def media_type(part: SinglePart | ExternalPart) -> str:
    """The type without its parameters, in lower case."""
    return part.content_type.partition(";")[0].strip().lower()


_READABLE = ("text/plain", "text/markdown")


def _read(part: Part, languages: Sequence[str]) -> str:
    if isinstance(part, NullPart):
        return ""
    if isinstance(part, ExternalPart):
        return f"[{part.description or part.filename or part.content_type or part.url}]"
    if isinstance(part, SinglePart):
        kind = media_type(part)
        if kind not in _READABLE:
            return f"[{part.content_type}]"
        words = _decoded(part)
        return _plain(words) if kind == "text/markdown" else words
    if part.semantics is Semantics.CHOOSE_ONE:
        return _read(_chosen(part.parts, languages), languages)
    shown = (inner for inner in part.parts if inner.disposition != Disposition.PREVIEW)
    return "\n".join(filter(None, (_read(inner, languages) for inner in shown)))


def _chosen(parts: Sequence[Part], languages: Sequence[str]) -> Part:
    readable = [part for part in parts if _is_readable(part)] or list(parts)
    for wanted in languages:
        for part in readable:
            if _speaks(part.language, wanted):
                return part
    return next((part for part in readable if not part.language), readable[0])


def _is_readable(part: Part) -> bool:
    """Whether reading it gives words rather than a name in brackets."""
    if isinstance(part, SinglePart):
        return media_type(part) in _READABLE
    if isinstance(part, MultiPart):
        every = all if part.semantics is Semantics.SINGLE_UNIT else any
        return every(map(_is_readable, part.parts))
    return False


def _speaks(tags: str, wanted: str) -> bool:
    """Basic filtering of RFC 4647 section 3.3.1, over the part's list of tags."""
    prefix = wanted.lower()
    return any(
        tag == prefix or tag.startswith(prefix + "-")
        for tag in (each.strip().lower() for each in tags.split(","))
    )


# --- Markdown, as far as a reader without a renderer needs it ----------------------------------

_MENTION = re.compile(r"\[(@(?:[^\[\]\\]|\\.){0,256})\]\((mimi://[^()\s]{1,512})\)")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~\n])")
_SPECIAL = re.compile(r"[\\`*_\[\]<>#~|&]|(?<![^\n \t])[-+=]|(?<=[0-9])[.)]|\n")


def _escaped(words: str) -> str:
    return _SPECIAL.sub(lambda match: "\\" + match[0], words)


def _plain(markdown: str) -> str:
    return _ESCAPED.sub(r"\1", _MENTION.sub(r"\1", markdown))


def _decoded(part: SinglePart) -> str:
    return part.content.decode(errors="replace")


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ContentError("A text has half a surrogate pair; it is not valid Unicode.") from error
