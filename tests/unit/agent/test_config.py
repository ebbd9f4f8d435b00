"""The restaurant's file: the example, and one clear sentence for everything wrong with one."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plausch.agent.config import (
    WEEKDAYS,
    ConfigurationRefused,
    example_text,
    load_business,
)
from plausch.domain.business import Business, BusinessKind
from plausch.domain.calendar import Closed, Span
from plausch.domain.service import ConfirmationMode, Pacing
from plausch.domain.slots import starts_on
from plausch.domain.tables import ResourceKind

EXAMPLE = example_text()
SPANS = {*WEEKDAYS, "hours"}


def load(folder: Path, text: str) -> Business:
    path = folder / "cem.toml"
    path.write_text(text, encoding="utf-8")
    return load_business(path)


def changed(old: str, new: str) -> str:
    assert EXAMPLE.count(old) >= 1, old
    return EXAMPLE.replace(old, new, 1)


def test_the_example(tmp_path: Path) -> None:
    linde = load(tmp_path, EXAMPLE)
    assert linde.name == "Zur Linde"
    assert len(linde.floor.resources) == 14
    assert linde.floor.largest_party == 16
    assert linde.calendar.weekly[0] == ()
    assert linde.calendar.weekly[1] == (Span(690, 870), Span(1050, 1380))
    assert linde.calendar.weekly[5] == (Span(690, 1440),)
    assert linde.service().pacing == Pacing(30, 20)
    assert linde.service().duration_s(4) == 7200


@pytest.mark.parametrize("kind", list(BusinessKind))
def test_an_example_of_every_kind_is_complete_and_alike_in_both_languages(
    tmp_path: Path, kind: BusinessKind
) -> None:
    german, english = (load(tmp_path, example_text(kind, language)) for language in ("de", "en"))
    for house, language in ((german, "de"), (english, "en")):
        assert (house.kind, house.language) == (kind, language)
        assert house.telephone
        assert house.calendar.region is not None
        assert any(day.note for day in house.calendar.special_days)
        for service in house.services:
            assert service.name
            for party in range(1, house.floor_for(service).largest_party + 1):
                assert starts_on(house, service, date(2026, 11, 27), party), service.identifier
    assert german.calendar.weekly == english.calendar.weekly
    assert [one.identifier for one in german.services] == [
        one.identifier for one in english.services
    ]
    assert german.services != english.services, "their names are in another language"


@pytest.mark.parametrize("kind", [BusinessKind.HAIRDRESSER, BusinessKind.SHOP])
def test_where_there_are_no_tables_one_comes_alone(tmp_path: Path, kind: BusinessKind) -> None:
    house = load(tmp_path, example_text(kind, "de"))
    assert house.floor.largest_party == 1
    assert len(house.services) > 1
    assert all(one.kind is not ResourceKind.TABLE for one in house.floor.resources)


def test_the_example_keeps_holidays(tmp_path: Path) -> None:
    calendar = load(tmp_path, EXAMPLE).calendar
    assert calendar.opening_day(date(2027, 1, 6)).closed is Closed.HOLIDAY
    assert calendar.opening_day(date(2026, 12, 24)).closed is Closed.SPECIAL
    assert calendar.opening_day(date(2026, 12, 25)).spans
    assert calendar.opening_day(date(2027, 8, 15)).closed is Closed.HOLIDAY


def test_every_party_of_the_example_finds_a_time(tmp_path: Path) -> None:
    linde = load(tmp_path, EXAMPLE)
    for party in range(1, linde.floor.largest_party + 1):
        assert linde.floor.seatings(party), party
        assert starts_on(linde, linde.service(), date(2026, 11, 27), party), party


def test_what_may_be_left_out(tmp_path: Path) -> None:
    text = """
name = "Klein"
time_zone = "Europe/Berlin"
[hours]
monday = []
tuesday = ["18:00-23:00"]
wednesday = []
thursday = []
friday = []
saturday = []
sunday = []
[[services]]
identifier = "t"
name = "T"
slot_interval_minutes = 15
turn_times = [{ party_max = 8, minutes = 120 }]
[[tables]]
name = "A"
seats = [1, 4]
"""
    klein = load(tmp_path, text)
    assert (klein.language, klein.telephone, klein.calendar.region) == ("de", "", None)
    assert klein.service().pacing is None
    assert klein.floor.combinations == ()


def test_several_services(tmp_path: Path) -> None:
    more = """[[services]]
identifier = "hall"
name = "Nebenzimmer"
confirmation = "by_hand"
resources = ["13", "14"]
max_party = 9
slot_interval_minutes = 60
turn_times = [{ party_max = 9, minutes = 180 }]

[[tables]]"""
    house = load(tmp_path, changed("[[tables]]", more))
    assert [one.identifier for one in house.services] == ["table", "hall"]
    hall = house.service("hall")
    assert hall.confirmation_mode is ConfirmationMode.BY_HAND
    assert house.floor_for(hall).largest_party == 9
    for old, new, place in (
        ('identifier = "hall"', 'identifier = "table"', "services have the identifier 'table'"),
        ('identifier = "hall"', 'identifier = "Der Saal"', "services[2].identifier must be small"),
        ('"by_hand"', '"maybe"', "services[2].confirmation must be one of"),
        ('["13", "14"]', '["99"]', "services[2].resources name '99'"),
        ('["13", "14"]', '["13", "13"]', "services[2].resources name something twice"),
        ("max_party = 9\n", "max_party = 5\n", "services[2].max_party is 5, but no table"),
    ):
        with pytest.raises(ConfigurationRefused) as refused:
            load(tmp_path, changed("[[tables]]", more.replace(old, new)))
        assert place in str(refused.value)


def test_kinds_of_business_and_resource(tmp_path: Path) -> None:
    assert load(tmp_path, EXAMPLE).kind is BusinessKind.RESTAURANT
    text = changed('kind = "restaurant"', 'kind = "hairdresser"')
    text = text.replace('area = "Fenster"', 'kind = "chair"', 1)
    house = load(tmp_path, text)
    assert house.kind is BusinessKind.HAIRDRESSER
    assert house.floor.resources[0].kind is ResourceKind.CHAIR


@pytest.mark.parametrize(
    ("old", "new", "place", "hint"),
    [
        ('name = "Zur Linde"', "", "name is missing", "add a text"),
        ('name = "Zur Linde"', "name = 3", "name must", "quotes"),
        ('language = "de"', 'language = "fr"', "language must", "de, en"),
        ('time_zone = "Europe/Berlin"', 'time_zone = "Berlin"', "time_zone is", "Europe/Berlin"),
        ('time_zone = "Europe/Berlin"', 'time_zone = "../../etc"', "time_zone is", "Europe/Berlin"),
        ("monday = []", "", "hours.monday is missing", "[] when closed"),
        ("monday = []", "montag = []", "hours.monday is missing", "[] when closed"),
        ('sunday = ["11:30-22:00"]', 'sunday = ["11:30-2:00"]', "hours.sunday", '"26:00"'),
        ('state = "BY"', 'state = "Bayern"', "holidays.state must", "BB, BE"),
        ("open = false", 'open = "no"', "holidays.open must", "true or false"),
        ("date = 2026-12-24", "", "special_days[1].date is missing", "2026-12-24"),
        ("date = 2026-12-24", "date = 2026-12-25", "special_days name 2026-12-25 twice", "keep"),
        ("slot_interval_minutes = 30", "slot_interval_minutes = 0", "slot_interval_minutes", "5"),
        ("hold_minutes = 10", "hold_minute = 10", "services[1].hold_minute", "'hold_minutes'?"),
        ("minutes = 90 }", "minutes = 900 }", "services[1].turn_times[1].minutes", "480"),
        ("party_max = 2,", "party_max = 9,", "services[1].turn_times must ascend", "sort"),
        ("max_covers = 20", "max_covers = 0", "services[1].pacing.max_covers", "from 1"),
        ("max_covers = 20", "covers = 20", "services[1].pacing.max_covers is missing", "add"),
        ("seats = [1, 2]", "seats = [2, 1]", "tables[1].seats", "ascending"),
        ('name = "2"', 'name = "1"', "tables have the name '1' twice", "unique"),
        ("priority = 1", "priority = 1000", "tables[1].priority", "from -100"),
        ('tables = ["3", "4"]', 'tables = ["3", "x"]', "combinations[1].tables name 'x'", "add"),
        ('tables = ["3", "4"]', 'tables = ["3"]', "combinations[1].tables", "two or more"),
        ('tables = ["3", "4"]', 'tables = ["3", "3"]', "combinations[1].tables", "different"),
        ('name = "Zur Linde"', 'name = "Zur Linde"\nwifi = true', "wifi is not a known", "remove"),
        ("[holidays]", "[holiday]", "holiday is not a known setting", "'holidays'?"),
    ],
)
def test_everything_wrong_is_one_sentence(
    tmp_path: Path, old: str, new: str, place: str, hint: str
) -> None:
    with pytest.raises(ConfigurationRefused) as refused:
        load(tmp_path, changed(old, new))
    sentence = str(refused.value)
    assert sentence.startswith("cem.toml: ")
    assert place in sentence
    assert hint in sentence
    assert "\n" not in sentence


def test_a_restaurant_that_never_opens(tmp_path: Path) -> None:
    lines = []
    for line in EXAMPLE.splitlines():
        key = line.split(" = ")[0]
        lines.append(f"{key} = []" if key in SPANS else line)
    with pytest.raises(ConfigurationRefused, match="all empty"):
        load(tmp_path, "\n".join(lines))


def test_a_pace_that_lets_nobody_in(tmp_path: Path) -> None:
    text = EXAMPLE.replace("max_covers = 20", "max_covers = 15")
    with pytest.raises(ConfigurationRefused, match=r"max_covers is 15, but .* up to 16, who could"):
        load(tmp_path, text)


def test_stays_longer_than_any_opening(tmp_path: Path) -> None:
    text = EXAMPLE
    for minutes in ("90", "120", "150"):
        text = text.replace(f"minutes = {minutes} }}", "minutes = 480 }")
    text = text.replace('["11:30-24:00"]', '["17:30-24:00"]').replace('["11:30-22:00"]', "[]")
    text = text.replace('["17:30-25:00"]', "[]")
    with pytest.raises(ConfigurationRefused, match="nobody could ever book"):
        load(tmp_path, text)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_any_damage_gives_a_restaurant_or_a_sentence(tmp_path: Path, chance: st.DataObject) -> None:
    lines = EXAMPLE.splitlines()
    at = chance.draw(st.integers(0, len(lines) - 1))
    junk = chance.draw(
        st.sampled_from(["", "x", "= 3", '"', "[[tables]]", "[[services]]", "nan", "-1"])
    )
    key = lines[at].partition("=")[0]
    lines[at] = chance.draw(st.sampled_from([junk, f"{key}= {junk}", f"{lines[at]}{junk}"]))
    try:
        load(tmp_path, "\n".join(lines))
    except ConfigurationRefused as refused:
        assert len(str(refused).splitlines()) <= 2


def test_the_houses_words(tmp_path: Path) -> None:
    assert not load(tmp_path, EXAMPLE).greeting
    text = changed("[greeting]", "[greeting] #").replace('de = ""', 'de = "Ab {opens}."')
    with pytest.raises(ConfigurationRefused, match=r"greeting has \{opens\}.*write it without"):
        load(tmp_path, text)
    away = '[away]\nde = """Wir sind am\n{opens} da.\n\nBis dann."""\n'
    begin, end = EXAMPLE.index("[greeting]"), EXAMPLE.index("[retention]")
    without = EXAMPLE[:begin] + EXAMPLE[end:]
    assert load(tmp_path, without) == load(tmp_path, EXAMPLE)
    said = load(tmp_path, EXAMPLE[:begin] + away + EXAMPLE[end:])
    assert said.away.de == "Wir sind am {opens} da.\n\nBis dann."
    assert said.away.en == ""
    for wrong, sentence in [
        ('[away]\nde = "{soon}"\n', r"away has \{soon\}"),
        (f'[away]\nde = "{"x" * 1001}"\n', "away has more than 1000 characters"),
        ('[away]\nfr = "x"\n', "away.fr is not a known setting"),
        ("away = 1\n", "away must be a section"),
    ]:
        with pytest.raises(ConfigurationRefused, match=sentence):
            load(tmp_path, wrong + without if wrong.startswith("away") else without + wrong)
