"""Frames about public profiles of businesses, and the directory in which they may be found.

A profile is signed by the business's identity key (identity.profile). What the directory says of a
business is the server's summary; who opens one asks for its signed profile.
"""

from typing import Annotated

import msgspec

from plausch.wire.frame import Frame, RequestId, Token, Word

PROFILE_BYTES = 16 * 1024
MOST_FOUND = 50
"""Businesses in one answer of the directory."""

ProfileBytes = Annotated[bytes, msgspec.Meta(max_length=PROFILE_BYTES)]


class PublishProfile(Frame, frozen=True, tag=110):
    """The next public profile of this account, in place of the one before. Answer: `Done`, also
    when it is there already."""

    id: RequestId
    profile: ProfileBytes


class WithdrawProfile(Frame, frozen=True, tag=111):
    """This account has no public profile any more: `profile` is signed and has an empty body.
    Answer: `Done`."""

    id: RequestId
    profile: ProfileBytes


class GetProfile(Frame, frozen=True, tag=112):
    """The public profile of the account `name`. Answer: `Profile`."""

    id: RequestId
    name: Word


class Profile(Frame, frozen=True, tag=113):
    """The newest signed profile, which may say that it is withdrawn; empty when there never was
    one."""

    id: RequestId
    profile: ProfileBytes


class SearchDirectory(Frame, frozen=True, tag=114):
    """Businesses that want to be found: by the beginnings of words of their name, their kind, and
    the beginning of their town or postal code; empty is any. Answer: `Directory`.

    `after`: the last account of the answer before, empty at first.
    """

    id: RequestId
    words: Token
    kind: Word
    place: Token
    after: Word
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_FOUND)]


class Listed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A business in the directory: its account's name, and what it is called, is and where."""

    name: Word
    title: Token
    kind: Word
    postal_code: Word
    locality: Token


class Directory(Frame, frozen=True, tag=115):
    """What was found, by account name. `more`: ask again after the last of them."""

    id: RequestId
    found: list[Listed]
    more: bool
