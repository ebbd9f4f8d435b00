"""The web client keeps the house too: the mirror of mls, a test for each file, names."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from plausch.wire.maintenance import NOT_NOW

from .test_names import is_banned

ONLY_IN_TYPESCRIPT = {
    "chacha": "suite 3 and its cipher, apart so that a bundle can leave them out",
    "p256": "suite 2 and its curve, likewise",
    "ed25519": "the library verifies by another equation than OpenSSL and browsers",
    "x25519": "the library that has it ready is too large (docs/decisions/0006)",
    "little_endian": "numbers of both curves, which Python's integers read by themselves",
    "primitives": "the libraries in one place, in the order that compresses best",
    "group_options": "the optional arguments of Group, which Python has in its signatures",
    "signature_checks": "signatures are verified in batches (docs/decisions/0005)",
}
TESTED_ELSEWHERE = {
    "app.ts": "tests/browser/test_scene_talk.py",
    "device_worker.ts": "tests/browser/test_scene_talk.py",
    "waker.ts": "tests/browser/test_notices.py",
    "sdk/worker.ts": "tests/browser/test_tabs.py",
    "sdk/protocol.ts": "web/tests/sdk/desk.test.ts",
    "sdk/business_shapes.ts": "web/tests/models/agent_answers.test.ts",
    "models/surroundings.ts": "web/tests/models/app.svelte.test.ts",
    "views/business/context.ts": "tests/browser/test_app_business.py",
    "words/de_devices.ts": "tests/browser/words.py",
    "words/en_devices.ts": "tests/browser/words.py",
    "views/context.ts": "tests/browser/test_app_pages.py",
    "views/media/microphone.ts": "tests/browser/test_scene_files.py",
    "views/media/picture.ts": "tests/browser/test_app_talk.py",
    "views/media/save.ts": "tests/browser/test_app_talk.py",
    "views/mount.svelte.ts": "tests/browser/test_app_talk.py",
    "views/parts/focus_soon.ts": "tests/browser/test_app_talk.py",
    "views/parts/long_press.ts": "tests/browser/test_app_talk.py",
    "views/parts/modal.ts": "tests/browser/test_app_talk.py",
}
"""The worker's file can run in a browser only."""

GIVEN = re.compile(r"\b(?:class|function|const|let|interface|type|enum)\s+([A-Za-z_]\w*)")


@pytest.fixture(scope="module")
def web(root: Path) -> Sequence[Path]:
    return sorted((root / "web" / "src").rglob("*.ts"))


def test_mls_is_mirrored_file_for_file(root: Path) -> None:
    python = {path.stem for path in (root / "src/plausch/mls").glob("*.py")} - {"__init__"}
    typescript = {path.stem for path in (root / "web/src/mls").glob("*.ts")}
    assert python - typescript == set()
    assert typescript - python == set(ONLY_IN_TYPESCRIPT)


def test_what_maintenance_refuses_is_one_list(root: Path) -> None:
    wanted = sorted(frame.__name__ for frame in NOT_NOW)
    watch = (root / "web/src/sdk/maintenance_watch.ts").read_text(encoding="utf-8")
    listed = watch.partition("NOT_NOW: ")[2].partition("]")[0]
    assert sorted(re.findall(r"'(\w+)'", listed)) == wanted
    section = (root / "spec/wire.md").read_text(encoding="utf-8").partition("\n## Maintenance\n")[2]
    told = section.partition("would leave something new (")[2].partition(")")[0]
    assert sorted(re.findall(r"`(\w+)`", told)) == wanted


def has_code(path: Path) -> bool:
    """Whether there is more than types and constants."""
    return re.search(r"\b(class|function)\b|=>", path.read_text(encoding="utf-8")) is not None


def test_every_file_has_its_test(root: Path, web: Sequence[Path]) -> None:
    missing = []
    for path in web:
        place = path.relative_to(root / "web" / "src")
        folder = root / "web" / "tests" / place.parent
        if has_code(path) and not list(folder.glob(f"{place.stem}*.test.ts")):
            missing.append(str(place))
    assert sorted(missing) == sorted(TESTED_ELSEWHERE)
    assert [name for name in TESTED_ELSEWHERE.values() if not (root / name).is_file()] == []


def test_no_name_is_banned(root: Path, web: Sequence[Path]) -> None:
    found = [
        f"{path.relative_to(root)}: {name}"
        for path in [*web, *sorted((root / "web" / "tests").rglob("*.ts"))]
        for name in GIVEN.findall(path.read_text(encoding="utf-8"))
        if is_banned(name)
    ]
    assert found == []


def test_no_file_is_longer_than_five_hundred_lines(root: Path) -> None:
    files = [
        path
        for folder in ("src", "tests", "bench")
        for path in (root / "web" / folder).rglob("*.ts")
    ]
    found = {
        str(path.relative_to(root)): len(path.read_text(encoding="utf-8").splitlines())
        for path in files
    }
    assert {name: lines for name, lines in found.items() if lines > 500} == {}
