"""The public pages of businesses over plain HTTP: `/NAME`, its forms, and the pictures.

`/NAME` is the web app's page with the business in it: whoever has JavaScript is in the app at once,
whoever has none reads the page. `/NAME?card` is the page alone, `/NAME?vcard` and `/NAME?jsonld`
are the profile for programs. Accounts without a public profile have none of these.
"""

import gzip
import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Callable
from datetime import date
from http import HTTPStatus

from plausch.base.clock import Clock
from plausch.base.http import (
    COMMON_HEADERS,
    Answer,
    Request,
    accepted_encodings,
    is_known,
    preferred_language,
)
from plausch.domain.json_ld import json_ld
from plausch.domain.profile import LANGUAGES
from plausch.domain.vcard import vcard
from plausch.server.blobs import Blobs
from plausch.server.card_page import POLICY, STYLE, CardPage, has_place
from plausch.server.profiles import Profiles, PublicProfile
from plausch.server.site import ASK_EACH_TIME, INDEX, PERMISSIONS, Site, is_account_link

PICTURES_PATH = re.compile(r"/v1/pictures/([a-z0-9._-]{1,32})/([0-9a-f]{64})")
PICTURE_POLICY = "default-src 'none'; sandbox"
PICTURE_CACHE = "public, max-age=86400"

RENDERED = 200
"""Pages kept in memory, some 20 KiB each; the one unused for longest goes first."""

FORMS = ("card", "vcard", "jsonld")


class Cards:
    """Answers for the public profiles of one server."""

    def __init__(
        self,
        profiles: Profiles,
        blobs: Blobs,
        clock: Clock,
        origin: Callable[[], str],
        site: Site | None,
    ) -> None:
        """`origin` is known when the server listens (`ServerConfig.origin`)."""
        self._profiles, self._blobs = profiles, blobs
        self._clock, self._origin = clock, origin
        self._site = site
        self._index = _index_of(site)
        self._rendered: OrderedDict[tuple[object, ...], bytes] = OrderedDict()

    def wants(self, request: Request) -> bool:
        """Whether it is about an account's link or a picture; the database is asked then."""
        if request.method not in ("GET", "HEAD") or request.has_body:
            return False
        if self._site is not None and request.path in self._site.files:
            return False
        return is_account_link(request.path) or bool(PICTURES_PATH.fullmatch(request.path))

    async def answer(self, request: Request) -> Answer | None:
        """The page, or what else was asked for; None: there is nothing public here.

        Raises StorageUnavailable.
        """
        picture = PICTURES_PATH.fullmatch(request.path)
        if picture is not None:
            return await self._picture(request, picture[1], bytes.fromhex(picture[2]))
        public = await self._profiles.public(request.path[1:])
        if public is None:
            return None
        language = preferred_language(request.headers, LANGUAGES, _own_language(public))
        return self._form(request, public, language)

    def _form(self, request: Request, public: PublicProfile, language: str) -> Answer:
        asked = request.target.partition("?")[2].partition("&")[0].rstrip("=")
        profile, url = public.profile, f"{self._origin()}/{public.account.name}"
        today = profile.calendar.today(self._clock.now_ms() // 1000)
        if asked == "vcard":
            text = vcard(profile, url, public.account.uri, language)
            named = f'attachment; filename="{public.account.name}.vcf"'
            return _file(request, text, "text/vcard; charset=utf-8", language, named)
        if asked == "jsonld":
            text = json.dumps(json_ld(profile, url, language, today), ensure_ascii=False, indent=1)
            return _file(request, text, "application/ld+json", language)
        is_alone = asked == "card" or self._index is None
        body = self._page(public, url, language, today, is_alone=is_alone)
        return _page(request, body, language, POLICY if is_alone else self._app_policy())

    def _page(
        self, public: PublicProfile, url: str, language: str, today: date, *, is_alone: bool
    ) -> bytes:
        key = (public.signed.raw, language, today, is_alone)
        found = self._rendered.pop(key, None)
        if found is None:
            page = CardPage(public.profile, url, language, today)
            text = page.alone() if is_alone or self._index is None else page.within(self._index)
            found = text.encode()
        self._rendered[key] = found
        if len(self._rendered) > RENDERED:
            self._rendered.popitem(last=False)
        return found

    def _app_policy(self) -> str:
        """The app's, and the style of the page within it."""
        assert self._site is not None  # nosec B101
        policy = self._site.files[f"/{INDEX}"].headers["Content-Security-Policy"]
        return policy.replace("style-src 'self'", f"style-src 'self' {STYLE.allowed}")

    async def _picture(self, request: Request, name: str, digest: bytes) -> Answer | None:
        public = await self._profiles.public(name)
        shown = public.profile.pictures if public is not None else ()
        picture = next((one for one in shown if one.digest == digest), None)
        body = None if picture is None else await self._blobs.public(picture.blob)
        if picture is None or body is None:
            return None
        headers = {
            "Content-Type": picture.media_type,
            "Content-Security-Policy": PICTURE_POLICY,
            "Cache-Control": PICTURE_CACHE,
            "ETag": f'"{digest.hex()[:32]}"',
            **COMMON_HEADERS,
        }
        if is_known(headers["ETag"], request.headers):
            return Answer(HTTPStatus.NOT_MODIFIED, headers)
        return Answer(HTTPStatus.OK, headers, body)


def _index_of(site: Site | None) -> str | None:
    """The web app's page as text; None when there is none into which a card could be written."""
    index = "" if site is None else site.files[f"/{INDEX}"].variants[-1].body.decode()
    return index if has_place(index) else None


def _own_language(public: PublicProfile) -> str:
    """Of who says none: the business's first that we have."""
    return next((one for one in public.profile.spoken if one in LANGUAGES), LANGUAGES[0])


def _page(request: Request, body: bytes, language: str, policy: str) -> Answer:
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "Permissions-Policy": PERMISSIONS,
    }
    return _encoded(request, body, language, headers)


def _file(request: Request, text: str, content_type: str, language: str, named: str = "") -> Answer:
    headers = {"Content-Type": content_type, "Content-Security-Policy": "default-src 'none'"}
    if named:
        headers["Content-Disposition"] = named
    return _encoded(request, text.encode(), language, headers)


def _encoded(request: Request, body: bytes, language: str, headers: dict[str, str]) -> Answer:
    """With an entity tag for each coding; compressed for who takes it."""
    tag = hashlib.sha256(body).hexdigest()[:32]
    is_packed = "gzip" in accepted_encodings(request.headers)
    headers |= {
        "Content-Language": language,
        "Cache-Control": ASK_EACH_TIME,
        "Vary": "Accept-Encoding, Accept-Language",
        "ETag": f'"{tag}-gzip"' if is_packed else f'"{tag}"',
        **COMMON_HEADERS,
    }
    if is_known(headers["ETag"], request.headers):
        return Answer(HTTPStatus.NOT_MODIFIED, headers)
    if is_packed:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, 6, mtime=0)
    return Answer(HTTPStatus.OK, headers, body)
