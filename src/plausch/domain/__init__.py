"""Pure nouns of a business: calendar, tables, service, slots, booking. No input or output."""
