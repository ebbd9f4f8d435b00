"""The one error of this room."""

from plausch.base.errors import RemoteError


class ContentError(RemoteError):
    """Bytes that are not the content they should be; `code` says which rule they break."""

    code = "bad_content"
