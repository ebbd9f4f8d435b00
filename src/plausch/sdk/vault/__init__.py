"""What a device remembers: SQLite in its home folder, one file per table, secrets sealed."""
