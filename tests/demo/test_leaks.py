"""The export of messages: what is made, what a scan finds in it, and that no secret stands in the repository."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from scanner.collect.hashes import Hashes
from scanner.collect.leaks.pool import Lookers
from scanner.collect.leaks.report import Report
from scanner.collect.leaks.slack_export import read_export
from scanner.demo.ehr import clients
from scanner.demo.leaks import Leaks, Message, named, problems, secret, steady_names, write_export
from scanner.demo.world import FOLDER, load_world
from scanner.demo.world import problems as problems_of_world

LEAKS = load_world().leaks


def read(folder: Path) -> Report:
    write_export(LEAKS, folder / "export.zip")
    hashes = Hashes(LEAKS.salt.encode())
    report = Report(str(folder / "export.zip"), "slack_export", hashes)
    read_export(folder / "export.zip", report, Lookers(hashes, 1), lambda: False)
    return report


def test_what_is_marked_as_leaked_is_found_and_nothing_else(tmp_path: Path) -> None:
    report = read(tmp_path)
    place = f"leaks:slack:{report.place}"
    names = steady_names(LEAKS, [place, "arn:aws:kms:x"])
    assert names.pop(place) == "leaks:slack:voice-export.zip"
    assert {f"leak:{name}" for name in report.leaks} == names.keys()
    assert set(names.values()) == {"leak:imported-material", "leak:laptop-key", "leak:ehr-client-key"}
    assert report.skipped == {}


def test_what_only_looks_like_a_key_is_there_to_be_left_alone(tmp_path: Path) -> None:
    assert {"wrapped", "vector", "fingerprint"} == {one.name for one in LEAKS.messages if not one.defect} - {"hello"}
    assert read(tmp_path).counts["marked"] == 1  # the test vector


def test_the_leaked_key_of_a_vendor_ends_as_the_vendor_shows_it(tmp_path: Path) -> None:
    (found,) = [one for one in read(tmp_path).leaks.values() if one["kind"] == "anthropic_key"]
    anthropic = load_world().vendors.anthropic
    assert anthropic is not None
    shown = {key.id[-4:] for workspace in anthropic.workspaces for key in workspace.keys if key.active}
    assert str(found["hint"])[-4:] in shown


def test_the_leaked_key_of_a_client_is_one_that_an_ehr_takes(tmp_path: Path) -> None:
    (found,) = [one for one in read(tmp_path).leaks.values() if one["kind"] == "private_key"]
    published = {
        clients.fingerprint(key.kid, key.kind).hex()
        for server in load_world().ehr.servers
        for client in server.clients
        for key in client.keys
        if key.kind == "P-384"
    }
    assert found["fingerprint"] in published


def test_no_secret_stands_in_the_repository_and_each_is_the_same_on_every_run() -> None:
    text = (FOLDER / "world.yaml").read_text(encoding="utf-8")
    made = [secret(LEAKS, one) for one in LEAKS.messages if one.holds != "nothing"]
    assert len(set(made)) == len(made) == 5
    assert made == [secret(LEAKS, one) for one in LEAKS.messages if one.holds != "nothing"]
    assert [one for one in made if one in text] == []


def test_an_export_has_a_file_for_each_day_of_a_channel(tmp_path: Path) -> None:
    write_export(LEAKS, tmp_path / "export.zip")
    with zipfile.ZipFile(tmp_path / "export.zip") as archive:
        names = archive.namelist()
        (message,) = json.loads(archive.read("partners/2025-10-08.json"))
    assert {"channels.json", "users.json", "voice-ops/2025-10-20.json"} <= set(names)
    assert message["ts"] == "1759935840.000100"
    assert "{secret}" not in message["text"]


def test_a_workspace_without_messages_has_no_names() -> None:
    assert list(named(Leaks())) == []
    assert steady_names(LEAKS, ["leaks:other:x"]) == {}


def test_what_does_not_fit_together_is_told() -> None:
    one = {"name": "a", "channel": "b", "sent": "2026-01-01T00:00:00Z", "text": "x"}
    messages = [Message.model_validate(one), Message.model_validate(one)]
    assert list(problems(Leaks(messages=messages))) == [
        (("messages", 0, "channel"), "there is no channel b"),
        (("messages", 1, "channel"), "there is no channel b"),
        (("messages", 1), "a is given twice"),
    ]
    world = load_world().model_copy(update={"leaks": Leaks(messages=messages[:1])})
    assert list(problems_of_world(world)) == [(("leaks", "messages", 0, "channel"), "there is no channel b")]
