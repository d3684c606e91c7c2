"""What is asked of places where keys leak to, and the columns that each answer feeds."""

from __future__ import annotations

from scanner.model.operation import Operation, columns

PLACES = "leaks:Places"
READ = "leaks:Read"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=PLACES,
        permissions=(),
        feeds=columns("leak_scans", "*", "kind", "name"),
        purpose="which places the estate names; nothing is read",
    ),
    Operation(
        name=READ,
        permissions=("read",),
        feeds=(
            *columns("leak_scans", "*", "whole", "files", "bytes", "messages", "objects", "skipped", "skipped_count"),
            *columns("leak_scans", "marked", "key_leaks", "credential_leaks", "pin_leaks", "leaking_places"),
            *columns(
                "leaks", "*", "leak_class", "kind", "what", "place", "path", "line", "message_id", "commit", "told_at"
            ),
            *columns(
                "leaks",
                "account",
                "told",
                "length_bits",
                "secret_hash",
                "public_fingerprint",
                "key_hash",
                "usable",
                "hint",
                "mentions",
            ),
            *columns("leaks", "occurrences", "detector"),
        ),
        needs=(PLACES,),
        purpose="files, messages and histories, read in memory: kept are place, kind and a keyed hash of what is found",
    ),
)
