"""Bookings in other people's calendars, and other calendars as times in which nothing is free."""
