"""The web app in memory: what is read, what is refused, what a browser is told about it."""

import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from built_site import FILES, PAGE, SCRIPT, brotli_of, sha384, write_site
from plausch.base.errors import Fault
from plausch.base.http import Answer, Request
from plausch.server.site import (
    BUILT_IN,
    IMMUTABLE,
    PERMISSIONS,
    Site,
    SiteDamaged,
    is_account_link,
    is_built,
    read_site,
    root_of,
)

APP = "/assets/app-AbCd1234.js"


def read(folder: Path) -> Site:
    site = read_site(folder)
    assert site is not None
    return site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    write_site(tmp_path, inline=["sha256-" + "A" * 43 + "="])
    return read(tmp_path)


def get(site: Site, path: str, **headers: str) -> Answer:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    answer = site.answer(Request("GET", path, CIMultiDict(named)))
    assert answer is not None, path
    return answer


# --- what is at which path -------------------------------------------------------------------


def test_every_file_of_the_manifest_is_at_its_path(site: Site) -> None:
    for name, raw in FILES.items():
        assert get(site, f"/{name}").body == raw
    assert set(site.files) == {f"/{name}" for name in FILES} | {"/build.json"}


@pytest.mark.parametrize("path", ["/", "/?a=b", "/anna", "/zur-linde?table=4#x", "/a.b_c-d"])
def test_the_page_is_at_every_account(site: Site, path: str) -> None:
    answer = get(site, path)
    assert answer.body == PAGE
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "//",
        "/anna/",
        "/Anna",
        "/" + "a" * 33,
        "/-anna",
        "/a b",
        "/%61nna",
        "/a/b",
        "/v1",
        "/assets",
        "/icons",
        "/favicon.ico",
        "/robots.txt",
        "/assets/none.js",
        "/assets/../index.html",
        "/./index.html",
        "/../../etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/assets/app-AbCd1234.js/",
        "/assets//app-AbCd1234.js",
        "/assets/app-AbCd1234.js.gz",
        "/assets/app-AbCd1234.js.br",
        "/assets/app-AbCd1234.js%00",
        "\\index.html",
        "/sources.sha384/x",
    ],
)
def test_nothing_is_anywhere_else(site: Site, path: str) -> None:
    assert site.answer(Request("GET", path, CIMultiDict())) is None


@given(st.text(st.sampled_from("/.%\\abA019_-~ \x00ä?"), max_size=40))
def test_a_link_is_a_name_and_nothing_else(path: str) -> None:
    if is_account_link(path):
        assert re.fullmatch(r"/?[a-z0-9]([a-z0-9._-]{0,30}[a-z0-9])?", path)


def test_files_go_before_accounts(site: Site) -> None:
    assert get(site, "/sw.js").body == FILES["sw.js"]
    assert json.loads(get(site, "/build.json").body)["root"] == site.root


# --- what a browser is told ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("assets/app-AbCd1234.js", "text/javascript; charset=utf-8"),
        ("assets/app-Zz_-9876.css", "text/css; charset=utf-8"),
        ("manifest.webmanifest", "application/manifest+json"),
        ("icons/icon.svg", "image/svg+xml"),
        ("icons/icon-192.png", "image/png"),
        ("build.json", "application/json"),
    ],
)
def test_what_it_is(site: Site, name: str, kind: str) -> None:
    assert get(site, f"/{name}").headers["Content-Type"] == kind


def test_what_nobody_knows_is_bytes(tmp_path: Path) -> None:
    write_site(tmp_path, {**FILES, "strange.xyz": b"x", "none": b"y"})
    for path in ("/strange.xyz", "/none"):
        answer = get(read(tmp_path), path)
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("assets/app-AbCd1234.js", True),
        ("assets/app-Zz_-9876.css", True),
        ("assets/deep/er-AbCd1234.js", True),
        ("assets/app.js", False),
        ("assets/app-short.js", False),
        ("index.html", False),
        ("sw.js", False),
        ("manifest.webmanifest", False),
        ("icons/icon-AbCd1234.svg", False),
        ("build.json", False),
    ],
)
def test_only_what_has_its_hash_in_its_name_is_kept_for_ever(
    tmp_path: Path, name: str, kept: bool
) -> None:
    more = {"assets/deep/er-AbCd1234.js", "assets/app.js", "assets/app-short.js"}
    more |= {"icons/icon-AbCd1234.svg"}
    write_site(tmp_path, {**FILES, **dict.fromkeys(more, b"x")})
    answer = get(read(tmp_path), f"/{name}")
    assert answer.headers["Cache-Control"] == (IMMUTABLE if kept else "no-cache")


def test_every_file_carries_the_policy_for_workers_have_that_of_their_file(site: Site) -> None:
    for path in site.files:
        headers = get(site, path).headers
        policy = dict(
            directive.split(" ", 1) for directive in headers["Content-Security-Policy"].split("; ")
        )
        assert policy == {
            "default-src": "'none'",
            "script-src": f"'self' 'sha256-{'A' * 43}='",
            "style-src": "'self'",
            "img-src": "'self' blob: data:",
            "media-src": "'self' blob:",
            "connect-src": "'self'",
            "worker-src": "'self'",
            "manifest-src": "'self'",
            "font-src": "'self'",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
            "require-trusted-types-for": "'script'",
            "trusted-types": "svelte-trusted-html default",
        }
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert ("Permissions-Policy" in headers) is (path == "/index.html")


def test_a_build_without_inline_scripts_has_none_in_its_policy(tmp_path: Path) -> None:
    write_site(tmp_path)
    assert "script-src 'self';" in get(read(tmp_path), "/").headers["Content-Security-Policy"]


def test_camera_and_microphone_are_ours_and_the_rest_is_off(site: Site) -> None:
    assert get(site, "/anna").headers["Permissions-Policy"] == PERMISSIONS
    allowed = {one.partition("=")[0] for one in PERMISSIONS.split(", ") if one.endswith("=(self)")}
    assert {"camera", "microphone"} <= allowed
    off = {one.partition("=")[0] for one in PERMISSIONS.split(", ") if one.endswith("=()")}
    assert {"geolocation", "usb", "payment", "display-capture", "clipboard-read"} <= off
    assert len(allowed) + len(off) == len(PERMISSIONS.split(", "))
    assert not allowed & off


# --- compressed forms and entity tags ---------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("identity", ""),
        ("", ""),
        ("zstd, *", ""),
    ],
)
def test_the_best_form_that_the_browser_takes(site: Site, accepted: str, encoding: str) -> None:
    answer = get(site, APP, accept_encoding=accepted)
    forms = {"": SCRIPT, "br": brotli_of(SCRIPT), "gzip": gzip.compress(SCRIPT, mtime=0)}
    assert answer.body == forms[encoding]
    assert answer.headers.get("Content-Encoding", "") == encoding
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"


def test_what_has_one_form_does_not_vary(site: Site) -> None:
    answer = get(site, "/sw.js", accept_encoding="br, gzip")
    assert answer.body == FILES["sw.js"]
    assert "Vary" not in answer.headers
    assert "Content-Encoding" not in answer.headers


def test_each_form_has_an_entity_tag_of_its_own(site: Site) -> None:
    tags = {get(site, APP, accept_encoding=one).headers["ETag"] for one in ("", "br", "gzip")}
    assert len(tags) == 3
    assert all(re.fullmatch(r'"[!#-~]+"', tag) for tag in tags)


def test_a_browser_that_has_it_is_told_so(site: Site) -> None:
    for accepted in ("", "br", "gzip"):
        whole = get(site, APP, accept_encoding=accepted)
        tag = whole.headers["ETag"]
        again = get(site, APP, accept_encoding=accepted, if_none_match=f'"x", W/{tag}')
        assert (again.status, again.body) == (304, b"")
        for name in ("ETag", "Cache-Control", "Vary", "Content-Security-Policy"):
            assert again.headers[name] == whole.headers[name]
        assert "Content-Encoding" not in again.headers


def test_the_tag_of_another_form_is_not_this_one(site: Site) -> None:
    plain = get(site, APP).headers["ETag"]
    assert get(site, APP, accept_encoding="br", if_none_match=plain).status == 200


def test_the_tag_follows_the_bytes(tmp_path: Path) -> None:
    tags = []
    for text in (b"one", b"two"):
        write_site(tmp_path, {**FILES, "index.html": text}, compressed=())
        tags.append(get(read(tmp_path), "/").headers["ETag"])
    assert tags[0] != tags[1]
    manifests = []
    for text in (b"one", b"two"):
        write_site(tmp_path, {**FILES, "sw.js": text}, compressed=())
        manifests.append(get(read(tmp_path), "/build.json").headers["ETag"])
    assert manifests[0] != manifests[1]


# --- what is read and refused ------------------------------------------------------------------


def test_no_build_is_no_site(tmp_path: Path) -> None:
    assert read_site(tmp_path) is None
    assert read_site(tmp_path / "absent") is None
    assert not is_built(tmp_path)
    write_site(tmp_path)
    assert is_built(tmp_path)


def test_the_root_hash_is_the_manifests(tmp_path: Path) -> None:
    assert write_site(tmp_path) == read(tmp_path).root
    assert root_of({"b": "2", "a": "1"}) == sha384(b"1  a\n2  b\n")


def test_what_the_manifest_does_not_list_is_not_there(tmp_path: Path) -> None:
    write_site(tmp_path)
    (tmp_path / "assets" / "secret.js").write_text("not ours")
    assert read(tmp_path).answer(Request("GET", "/assets/secret.js", CIMultiDict())) is None


def test_a_file_that_is_replaced_later_changes_nothing(tmp_path: Path) -> None:
    write_site(tmp_path)
    site = read(tmp_path)
    (tmp_path / "index.html").write_text("replaced")
    assert get(site, "/").body == PAGE


@pytest.mark.parametrize("name", ["index.html", "index.html.gz", "index.html.br", "sw.js"])
@pytest.mark.parametrize("harm", ["changed", "gone", "a folder"])
def test_a_damaged_file_is_refused(tmp_path: Path, name: str, harm: str) -> None:
    write_site(tmp_path)
    if harm == "changed":
        (tmp_path / name).write_bytes(b"x" + (tmp_path / name).read_bytes())
    else:
        (tmp_path / name).unlink()
        if harm == "a folder":
            (tmp_path / name).mkdir()
    with pytest.raises(SiteDamaged, match=re.escape(name)) as caught:
        read_site(tmp_path)
    assert caught.value.fault is Fault.OPERATOR
    assert "make web" in str(caught.value)


@pytest.mark.parametrize(
    ("lies", "sentence"),
    [
        ({"root": "0" * 96}, "root hash"),
        ({"files": {}}, "does not list index.html"),
        ({"files": {"sw.js": sha384(FILES["sw.js"])}}, "does not list index.html"),
        ({"files": {"index.html": sha384(PAGE), "../x": "0" * 96}}, "'../x'"),
        ({"files": {"index.html": sha384(PAGE), "/etc/passwd": "0" * 96}}, "'/etc/passwd'"),
        ({"files": {"index.html": sha384(PAGE), "a/./b": "0" * 96}}, "'a/./b'"),
        ({"files": {"index.html": sha384(PAGE), "a//b": "0" * 96}}, "'a//b'"),
        ({"files": {"index.html": sha384(PAGE), ".env": "0" * 96}}, "'.env'"),
        ({"files": {"index.html": sha384(PAGE), "a\\b": "0" * 96}}, "no path of a build"),
        ({"files": {"index.html": sha384(PAGE), "": "0" * 96}}, "''"),
        ({"encoded": {"../index.html.gz": "0" * 96}}, "'../index.html.gz'"),
        ({"inline": ["unsafe-inline"]}, "inline hash"),
        ({"inline": ["sha256-" + "A" * 43 + "='; script-src *"]}, "inline hash"),
        ({"inline": "x"}, "not a manifest"),
        ({"files": {"index.html": 7}}, "not a manifest"),
        ({"more": 1}, "not a manifest"),
    ],
)
def test_a_manifest_that_lies_is_refused(
    tmp_path: Path, lies: dict[str, object], sentence: str
) -> None:
    write_site(tmp_path, lies=lies)
    with pytest.raises(SiteDamaged, match=re.escape(sentence)):
        read_site(tmp_path)


@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b"{", b"\xff", b'{"root": "x"}'])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "build.json").write_bytes(raw)
    with pytest.raises(SiteDamaged, match="not a manifest"):
        read_site(tmp_path)


def test_a_manifest_that_cannot_be_read_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_site(tmp_path)

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(SiteDamaged, match="cannot be read: Permission denied"):
        read_site(tmp_path)


def test_the_built_in_build_lies_in_the_package() -> None:
    assert BUILT_IN.name == "webapp"
    assert (BUILT_IN.parent / "server" / "site.py").is_file()
