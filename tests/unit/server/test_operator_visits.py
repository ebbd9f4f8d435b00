"""A link is good once; what it leaves is believed for some hours and nowhere else."""

import pytest
from multidict import CIMultiDict

from plausch.base.clock import ManualClock
from plausch.server.operator_visits import COOKIE, MOST_VISITS, VISIT_MS, Visit, Visits, cookies


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def visits(clock: ManualClock) -> Visits:
    return Visits(clock)


def entered(visits: Visits) -> Visit:
    visit = visits.enter(visits.token)
    assert visit is not None
    return visit


def bearing(*values: str) -> CIMultiDict[str]:
    return CIMultiDict({"Cookie": "; ".join(values)})


def test_a_link_is_good_once_and_the_next_one_is_another(visits: Visits) -> None:
    first = visits.token
    one = entered(visits)
    assert visits.enter(first) is None
    two = entered(visits)
    secrets = {first, one.cookie, one.form_token, two.cookie, two.form_token, visits.token}
    assert len(secrets) == 6
    assert min(map(len, secrets)) >= 43, "32 random bytes each"


@pytest.mark.parametrize("token", ["", "x", "é", "\0", "a" * 10_000])
def test_another_token_is_none_and_uses_nothing_up(visits: Visits, token: str) -> None:
    before = visits.token
    assert visits.enter(token) is None
    assert visits.enter(before[:-1]) is None
    assert visits.enter(before + "A") is None
    assert visits.token == before


def test_a_visit_is_known_by_its_cookie_alone(visits: Visits) -> None:
    visit, other = entered(visits), entered(visits)
    assert visits.of(bearing(f"{COOKIE}={visit.cookie}")) == visit
    assert visits.of(bearing("a=b", f"{COOKIE}={other.cookie}", "c=d")) == other
    for wrong in ("", "x", visit.form_token, visit.cookie[:-1], visit.cookie + "x", "é"):
        assert visits.of(bearing(f"{COOKIE}={wrong}")) is None
    assert visits.of(bearing(f"other={visit.cookie}")) is None
    assert visits.of(CIMultiDict()) is None


def test_what_another_program_of_this_machine_puts_beside_it_does_no_harm(visits: Visits) -> None:
    visit = entered(visits)
    headers = bearing(f"{COOKIE}=theirs", f"{COOKIE}={visit.cookie}")
    headers.add("Cookie", f'{COOKIE}="; rubbish')
    assert cookies(headers) == ["theirs", visit.cookie, '"']
    assert visits.of(headers) == visit


def test_a_visit_ends_by_itself(visits: Visits, clock: ManualClock) -> None:
    visit = entered(visits)
    headers = bearing(f"{COOKIE}={visit.cookie}")
    clock.advance(VISIT_MS - 1)
    assert visits.of(headers) == visit
    clock.advance(1)
    assert visits.of(headers) is None
    clock.advance(-VISIT_MS)
    assert visits.of(headers) is None, "an end is an end, whatever the clock says then"


def test_very_many_visits_push_the_oldest_out(visits: Visits) -> None:
    first, *_, last = [entered(visits) for _ in range(MOST_VISITS + 1)]
    assert visits.of(bearing(f"{COOKIE}={first.cookie}")) is None
    assert visits.of(bearing(f"{COOKIE}={last.cookie}")) == last


def test_the_cookie_is_for_no_script_no_other_site_and_no_other_path(visits: Visits) -> None:
    said = visits.set_cookie(entered(visits))
    assert said.split("; ")[1:] == [f"Path={visits.base}/", "HttpOnly", "SameSite=Strict"]
    assert len(visits.base) >= 16
    assert Visits(ManualClock()).base != visits.base
