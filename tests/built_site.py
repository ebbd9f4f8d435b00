"""A build of a web app for tests: a few files, their compressed forms, and the manifest."""

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from plausch.server.site import root_of

PAGE = b"<!doctype html><title>Plausch</title><script src='/assets/app-AbCd1234.js'></script>"
SCRIPT = b"/* the app */ " * 200
FILES = {
    "index.html": PAGE,
    "assets/app-AbCd1234.js": SCRIPT,
    "assets/app-Zz_-9876.css": b"body { color: black }",
    "sw.js": b"/* a service worker */",
    "manifest.webmanifest": b"{}",
    "icons/icon.svg": b"<svg/>",
    "icons/icon-192.png": b"\x89PNG",
}


def sha384(raw: bytes) -> str:
    return hashlib.sha384(raw).hexdigest()


def brotli_of(raw: bytes) -> bytes:
    """Not Brotli, which Python has not: bytes that tests can tell from the others."""
    return b"brotli:" + raw[:20]


def write_site(
    folder: Path,
    files: Mapping[str, bytes] = FILES,
    *,
    compressed: Sequence[str] = ("index.html", "assets/app-AbCd1234.js"),
    inline: Sequence[str] = (),
    lies: Mapping[str, object] = {},
) -> str:
    """Write a build into `folder`; the root hash. `lies`: what its manifest says instead."""
    stored = dict(files)
    for name in compressed:
        stored[f"{name}.gz"] = gzip.compress(files[name], mtime=0)
        stored[f"{name}.br"] = brotli_of(files[name])
    for name, raw in stored.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(raw)
    digests = {name: sha384(raw) for name, raw in files.items()}
    encoded = {name: sha384(raw) for name, raw in stored.items() if name not in files}
    root = root_of(digests)
    manifest = {"root": root, "files": digests, "encoded": encoded, "inline": list(inline)}
    (folder / "build.json").write_text(json.dumps({**manifest, **lies}))
    return root
