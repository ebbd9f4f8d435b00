"""Bookings and customers from and into other programs' files."""
