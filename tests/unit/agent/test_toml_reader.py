"""Reading TOML into types: every mistake is one sentence with its place."""

from pathlib import Path

import pytest

from plausch.agent.toml_reader import MAX_FILE_BYTES, ConfigurationRefused, Section, read_toml
from plausch.base.errors import Fault


def section(**table: object) -> Section:
    return Section("cem.toml", "", dict(table))


def refused(call: object) -> str:
    with pytest.raises(ConfigurationRefused) as error:
        call()  # type: ignore[operator]
    assert error.value.code == "configuration"
    assert error.value.fault is Fault.LOCAL
    sentence = str(error.value)
    assert "\n" not in sentence
    return sentence


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "cem.toml"
    path.write_text('name = "Käfer"\n', encoding="utf-8")
    assert read_toml(path).text("name", 80) == "Käfer"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    missing = refused(lambda: read_toml(tmp_path / "no.toml"))
    assert "no.toml" in missing
    assert "No such file" in missing
    assert "directory" in refused(lambda: read_toml(tmp_path)).lower()
    latin = tmp_path / "latin.toml"
    latin.write_bytes('name = "Käfer"'.encode("latin-1"))
    assert "UTF-8" in refused(lambda: read_toml(latin))
    broken = tmp_path / "broken.toml"
    broken.write_text('name = "x\n')
    assert "line 1" in refused(lambda: read_toml(broken))
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    assert "larger" in refused(lambda: read_toml(large))
    deep = tmp_path / "deep.toml"
    deep.write_text("a = " + "[" * 20_000)
    assert "not TOML" in refused(lambda: read_toml(deep))


def test_a_text() -> None:
    assert section(a=" x ").text("a", 5) == "x"
    assert section().text("a", 5, "d") == "d"
    assert section(a="").text("a", 5, "d") == ""
    assert "cem.toml: a is missing" in refused(lambda: section().text("a", 5))
    assert "in quotes" in refused(lambda: section(a=3).text("a", 5))
    assert "not empty" in refused(lambda: section(a="  ").text("a", 5))
    assert "5 characters" in refused(lambda: section(a="xxxxxx").text("a", 5))
    assert "one line" in refused(lambda: section(a="x\ny").text("a", 5))


def test_a_choice() -> None:
    assert section(a="de").choice("a", ("de", "en")) == "de"
    assert section().choice("a", ("de", "en"), "en") == "en"
    assert "de, en; not 'fr'" in refused(lambda: section(a="fr").choice("a", ("de", "en")))
    assert "not ['de']" in refused(lambda: section(a=["de"]).choice("a", ("de", "en")))


@pytest.mark.parametrize("value", [0, 11, 2.5, "3", True, None, [3]])
def test_a_number(value: object) -> None:
    assert section(a=3).number("a", 1, 10) == 3
    assert section().number("a", 1, 10, 7) == 7
    assert "from 1 to 10" in refused(lambda: section(a=value).number("a", 1, 10))


def test_a_flag() -> None:
    assert section(a=True).flag("a", False) is True
    assert section().flag("a", True) is True
    assert "without quotes" in refused(lambda: section(a="true").flag("a", False))


@pytest.mark.parametrize("value", ["2026-12-24", 20261224])
def test_a_day(value: object) -> None:
    assert "2026-12-24, without quotes" in refused(lambda: section(a=value).day("a"))


@pytest.mark.parametrize("value", [[4, 2], [0, 2], [1, 99], [2], [1, 2, 3], "2-4", [1.0, 2]])
def test_a_range(value: object) -> None:
    assert section(a=[2, 4]).range("a", 20) == (2, 4)
    assert "[2, 4]" in refused(lambda: section(a=value).range("a", 20))


def test_spans() -> None:
    read = section(a=["11:30-14:30", "17:30 – 25:00"]).spans("a")
    assert read == ((690, 870), (1050, 1500))
    assert section(a=[]).spans("a") == ()
    assert section().spans("a", ()) == ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("11:30-14:30", "a list of spans"),
        ([1130], "a list of spans"),
        (["11:30"], 'write it as "11:30-14:30"'),
        (["11.30-14.30"], 'write it as "11:30-14:30"'),
        (["11:60-14:30"], "no such time"),
        (["24:00-25:00"], "no such time"),
        (["18:00-49:00"], "no such time"),
        (["18:00-02:00"], 'write closing after midnight as "26:00"'),
        (["18:00-18:00"], "closes before it opens"),
        (["17:00-23:00", "11:00-14:00"], "overlaps the one before"),
    ],
)
def test_spans_that_are_none(value: object, expected: str) -> None:
    assert expected in refused(lambda: section(a=value).spans("a"))


def test_sections_name_their_place() -> None:
    outer = section(booking={"pacing": {"covers": 0}}, tables=[{"name": "1"}, {"name": 2}])
    inner = outer.section("booking").section("pacing")
    assert "cem.toml: booking.pacing.covers must" in refused(lambda: inner.number("covers", 1, 9))
    assert "tables[2].name must" in refused(
        lambda: outer.sections("tables", lambda one: one.text("name", 5), 1, 9)
    )


def test_sections_are_counted() -> None:
    assert section().sections("a", lambda one: one, 0, 2) == ()
    assert "at least 1 [[a]]" in refused(lambda: section().sections("a", lambda one: one, 1, 2))
    assert "1 to 2 sections" in refused(lambda: section(a={}).sections("a", lambda one: one, 1, 2))
    assert "1 to 2 sections" in refused(lambda: section(a=[]).sections("a", lambda one: one, 1, 2))
    many = section(a=[{}, {}, {}])
    assert "1 to 2 sections" in refused(lambda: many.sections("a", lambda one: one, 1, 2))
    assert "must be a section" in refused(lambda: section(a=[3]).sections("a", str, 1, 2))
    assert "must be a section" in refused(lambda: section(a=3).section("a"))


def test_unknown_keys_are_refused_with_a_guess() -> None:
    file = section(min_notice_minute=3)
    file.number("min_notice_minutes", 0, 9, 1)
    assert "did you mean 'min_notice_minutes'?" in refused(file.finish)
    assert "remove it" in refused(section(zzz=1).finish)
    section().finish()
