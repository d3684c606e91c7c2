"""The layout as evidence: what it says, and what follows from it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scanner.collect.postgres.layout import told
from scanner.model.ids import Digest
from tests.collect.postgres.voice import a_source, layout


def test_a_layout_is_told_with_what_it_binds() -> None:
    body: Any = told(a_source(layout_digest=Digest("sha256:x")))
    assert (body["layout"], body["path"], body["registry"]) == ("sha256:x", "voice.yaml", "vault.data_keys")
    assert body["registry_tells"] == {"activated": True, "retired": True, "state": True}
    notes, bites = body["tables"]
    assert (notes["table"], notes["dated"], bites["dated"]) == ("voice.notes", True, False)
    bound = [(one["value"], one["binds_tenant"], one["binds_record"]) for one in (*notes["values"], *bites["values"])]
    assert bound == [
        ("body", True, True),
        ("summary", False, False),
        ("clip", None, None),
        ("caption", False, False),
    ]


def test_a_registry_may_not_tell_everything() -> None:
    small = replace(layout(), keys=replace(layout().keys, activated="", retired="", state=""))
    assert told(a_source(layout=small))["registry_tells"] == {"activated": False, "retired": False, "state": False}


def test_without_a_layout_there_is_nothing_to_tell() -> None:
    assert told(a_source(layout=None)) == {}
