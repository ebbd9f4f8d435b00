"""What the commands for an operator's store say: backup, restore, moving up."""

STORE_PHRASES: dict[str, tuple[str, str]] = {
    "dump_made": (
        "{path}: {rows} rows, {blobs} blobs, {megabytes} MB.",
        "{path}: {rows} Zeilen, {blobs} Blobs, {megabytes} MB.",
    ),
    "dump_gone": (
        "{count} blobs were deleted on the server meanwhile and are not in it.",
        "{count} Blobs wurden inzwischen auf dem Server gelöscht und sind nicht darin.",
    ),
    "dump_damaged": (
        "{count} blobs are not in the backup, because their files on this server's disk are "
        "damaged; the first is {name}. Check the disk.",
        "{count} Blobs fehlen in der Sicherung, weil ihre Dateien auf der Platte dieses Servers "
        "beschädigt sind; der erste ist {name}. Bitte die Platte prüfen.",
    ),
    "dump_forgotten": ("Deleted: {path}", "Gelöscht: {path}"),
    "checking_dump": ("Reading all of the backup ...", "Die ganze Sicherung wird gelesen ..."),
    "stage_copied": ("{what}", "{what}"),
    "stage_compared": ("comparing {what}", "vergleiche {what}"),
    "copy_heads": ("Table|Rows|SHA-256", "Tabelle|Zeilen|SHA-256"),
    "store_restored": (
        "Restored and compared: {rows} rows, {blobs} blobs, as of {at}. Start the server now; "
        "devices that have seen more than this backup find together with it by themselves, or say "
        "so (docs/operating.md).",
        "Zurückgespielt und verglichen: {rows} Zeilen, {blobs} Blobs, Stand {at}. Der Server kann "
        "jetzt starten; Geräte, die mehr gesehen haben als diese Sicherung, finden von selbst mit "
        "ihm zusammen oder sagen es (docs/operating.md).",
    ),
    "steps_taken": ("Steps taken: {count}.", "Ausgeführte Schritte: {count}."),
    "step_left": ("Left: step {number}, {name}.", "Übrig: Schritt {number}, {name}."),
    "steps_left": (
        "Servers of an older version do not survive what is left: stop them all, then give this "
        "command with --all.",
        "Was übrig ist, überleben Server einer älteren Version nicht: alle anhalten, dann diesen "
        "Befehl mit --all geben.",
    ),
    "store_moved": (
        "Moved and compared: {rows} rows. Now start the server with the same --data (its blobs "
        "stay there) and with PLAUSCH_DATABASE; never again on {old}, which stays as it is, and is "
        "marked by {old}-moved.",
        "Umgezogen und verglichen: {rows} Zeilen. Jetzt den Server mit demselben --data (seine "
        "Blobs bleiben dort) und mit PLAUSCH_DATABASE starten; nie mehr auf {old}, das bleibt, "
        "wie es ist, und durch {old}-moved gekennzeichnet ist.",
    ),
}
