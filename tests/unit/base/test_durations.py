"""Stretches of time are as long as they are called."""

from datetime import timedelta

from plausch.base.durations import DAY_MS, HOUR_MS, MINUTE_MS


def test_they_are_as_long_as_they_are_called() -> None:
    one_ms = timedelta(milliseconds=1)
    assert timedelta(minutes=1) / one_ms == MINUTE_MS
    assert timedelta(hours=1) / one_ms == HOUR_MS
    assert timedelta(days=1) / one_ms == DAY_MS
