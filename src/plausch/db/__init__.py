"""How to speak SQL: one interface, SQLite and PostgreSQL behind it, migrations."""
