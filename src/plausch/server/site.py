"""The web app: the files of one build, in memory, with all that a browser is told about them.

`make web` leaves the folder `plausch/webapp` with `build.json`, the manifest of the build. Only
what the manifest lists is read, once, at the start, and compared with its hash there. A request's
path is looked up among these files and touches no file system.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import msgspec

from plausch.base.errors import OperatorError
from plausch.base.http import COMMON_HEADERS, Answer, Request, accepted_encodings, is_known
from plausch.base.ids import NameRefused, parse_name

BUILT_IN = Path(__file__).resolve().parents[1] / "webapp"
"""Where the build lies: in a wheel, and after `make web` in a checkout."""

MANIFEST = "build.json"
INDEX = "index.html"

ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
"""Content codings that a build may hold a file in, the better one first, and their suffixes."""

NO_ACCOUNTS = frozenset({"v1", "assets", "icons", "favicon.ico", "robots.txt", "healthz", "readyz"})
"""Names that browsers, crawlers and supervisors ask for, which are no links to accounts: for those
the database would be asked."""

CONTENT_TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "json": "application/json",
    "webmanifest": "application/manifest+json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "webp": "image/webp",
    "ico": "image/x-icon",
    "woff2": "font/woff2",
    "wasm": "application/wasm",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "txt": "text/plain; charset=utf-8",
}

IMMUTABLE = "public, max-age=31536000, immutable"
ASK_EACH_TIME = "no-cache"
"""It may be kept, but only used after the server has said that it is still the one."""

POLICY = (
    "default-src 'none'; script-src 'self'{inline}; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types svelte-trusted-html default"
)
"""`connect-src 'self'` covers the WebSocket of this origin (CSP level 3). `inline` are the hashes
of the build's import map, which browsers take in no other way. Svelte brings the Trusted Types
policy svelte-trusted-html, `default` is web/src/platform/trusted_types.ts."""

PERMISSIONS = (
    "camera=(self), microphone=(self), autoplay=(self), clipboard-write=(self), "
    "fullscreen=(self), accelerometer=(), browsing-topics=(), captured-surface-control=(), "
    "clipboard-read=(), compute-pressure=(), digital-credentials-create=(), "
    "digital-credentials-get=(), display-capture=(), encrypted-media=(), gamepad=(), "
    "geolocation=(), gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), "
    "keyboard-map=(), language-detector=(), language-model=(), local-fonts=(), magnetometer=(), "
    "midi=(), on-device-speech-recognition=(), otp-credentials=(), payment=(), "
    "picture-in-picture=(), private-state-token-issuance=(), private-state-token-redemption=(), "
    "publickey-credentials-create=(), publickey-credentials-get=(), screen-wake-lock=(), "
    "serial=(), speaker-selection=(), storage-access=(), summarizer=(), sync-xhr=(), "
    "translator=(), unload=(), usb=(), window-management=(), xr-spatial-tracking=()"
)
"""Camera and microphone for the app's own pages, the sound of a message, and what a tap starts
(copy, a picture on the whole screen); whatever else Chromium has a name for is off."""

_PATH = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*")
_HASHED = re.compile(r"assets/(?:.*/)?[^/]+-[A-Za-z0-9_-]{8,}\.[a-z0-9]+")
_INLINE = re.compile(r"sha(?:256|384|512)-[A-Za-z0-9+/]{43,86}={0,2}")


class SiteDamaged(OperatorError):
    """The folder of the web app does not hold what its manifest says."""

    code = "web_app_damaged"


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`build.json`: path -> SHA-384 in hex, as `sha384sum` prints it, and one hash over all.

    `encoded` are the same files compressed, which `root` does not depend on; `inline` the hashes
    of scripts within index.html.
    """

    root: str
    files: dict[str, str]
    encoded: dict[str, str]
    inline: list[str]


@dataclass(frozen=True, slots=True)
class Variant:
    """A file's bytes in one content coding ("" for none), and their strong entity tag."""

    encoding: str
    body: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class SiteFile:
    """One path: its variants, the best one first and the plain one last, and its headers."""

    variants: tuple[Variant, ...]
    headers: Mapping[str, str]

    def answer(self, request: Request) -> Answer:
        """200 with the best variant that the browser takes, or 304 if it has that one."""
        accepted = accepted_encodings(request.headers)
        variant = next(one for one in self.variants if not one.encoding or one.encoding in accepted)
        headers = {**self.headers, "ETag": variant.etag}
        if is_known(variant.etag, request.headers):
            return Answer(HTTPStatus.NOT_MODIFIED, headers)
        if variant.encoding:
            headers["Content-Encoding"] = variant.encoding
        return Answer(HTTPStatus.OK, headers, variant.body)


@dataclass(frozen=True, slots=True)
class Site:
    """A build of the web app: its root hash, and its files by request path."""

    root: str
    files: Mapping[str, SiteFile]

    def answer(self, request: Request) -> Answer | None:
        """The file at this path, or the app's page for `/` and `/NAME`; None: there is none."""
        path = request.path
        file = self.files.get(path)
        if file is None and (path == "/" or is_account_link(path)):
            file = self.files[f"/{INDEX}"]
        return None if file is None else file.answer(request)


def is_account_link(path: str) -> bool:
    """Whether this is `/NAME`, with a name that an account could have."""
    name = path.removeprefix("/")
    try:
        return parse_name(name) not in NO_ACCOUNTS
    except NameRefused:
        return False


def root_of(files: Mapping[str, str]) -> str:
    """One hash over all: SHA-384 over the lines of `sha384sum`, sorted by path."""
    lines = [f"{digest}  {path}\n" for path, digest in sorted(files.items())]
    return hashlib.sha384("".join(lines).encode()).hexdigest()


def is_built(folder: Path = BUILT_IN) -> bool:
    """Whether there is a build to read."""
    return (folder / MANIFEST).is_file()


def read_site(folder: Path) -> Site | None:
    """The build in a folder; None when there is none. Raises SiteDamaged."""
    if not is_built(folder):
        return None
    try:
        raw = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise SiteDamaged(
            f"The web app in {folder} cannot be read: {error.strerror or error}."
        ) from error
    manifest = _manifest(folder, raw)
    policy = POLICY.format(inline="".join(f" '{one}'" for one in manifest.inline))
    files = {
        f"/{path}": _file(path, _variants(folder, manifest, path), policy)
        for path in manifest.files
    }
    own = Variant("", raw, f'"{hashlib.sha384(raw).hexdigest()[:32]}"')
    files[f"/{MANIFEST}"] = _file(MANIFEST, (own,), policy)
    return Site(manifest.root, files)


def _manifest(folder: Path, raw: bytes) -> Manifest:
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except msgspec.DecodeError as error:
        raise _damaged(folder, f"{MANIFEST} is not a manifest ({error})") from None
    for path in [*manifest.files, *manifest.encoded]:
        if not _PATH.fullmatch(path):
            raise _damaged(folder, f"{MANIFEST} names {path!r}, which is no path of a build")
    if not all(_INLINE.fullmatch(one) for one in manifest.inline):
        raise _damaged(folder, f"{MANIFEST} has an inline hash that is none")
    if INDEX not in manifest.files:
        raise _damaged(folder, f"{MANIFEST} does not list {INDEX}")
    if root_of(manifest.files) != manifest.root:
        raise _damaged(folder, f"the root hash in {MANIFEST} is not the hash of its files")
    return manifest


def _variants(folder: Path, manifest: Manifest, path: str) -> tuple[Variant, ...]:
    found = []
    for encoding, suffix in (*ENCODINGS, ("", "")):
        stored = path + suffix
        digest = manifest.encoded.get(stored) if suffix else manifest.files[path]
        if digest is not None:
            tag = f"{manifest.files[path][:32]}-{encoding}" if suffix else digest[:32]
            found.append(Variant(encoding, _read(folder, stored, digest), f'"{tag}"'))
    return tuple(found)


def _read(folder: Path, path: str, digest: str) -> bytes:
    try:
        body = (folder / path).read_bytes()
    except OSError as error:
        raise _damaged(folder, f"{path} cannot be read ({error.strerror or error})") from error
    if hashlib.sha384(body).hexdigest() != digest:
        raise _damaged(folder, f"{path} is not the file that {MANIFEST} lists")
    return body


def _file(path: str, variants: tuple[Variant, ...], policy: str) -> SiteFile:
    suffix = path.rpartition(".")[2]
    headers = {
        "Content-Type": CONTENT_TYPES.get(suffix, "application/octet-stream"),
        "Cache-Control": IMMUTABLE if _HASHED.fullmatch(path) else ASK_EACH_TIME,
        # A worker has the policy of its own file: so every file carries it.
        "Content-Security-Policy": policy,
        **COMMON_HEADERS,
    }
    if suffix == "html":
        headers["Permissions-Policy"] = PERMISSIONS
    if len(variants) > 1:
        headers["Vary"] = "Accept-Encoding"
    return SiteFile(variants, headers)


def _damaged(folder: Path, what: str) -> SiteDamaged:
    return SiteDamaged(
        f"The web app in {folder} is damaged: {what}; build it again with `make web`, or install "
        "Plausch again."
    )
