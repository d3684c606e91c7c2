"""Sending what waits: tries, waits, what is kept, what is dropped. Against real servers, with a clock of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from scanner.jobs.notify import mail
from scanner.jobs.notify.deliver import FIRST_WAIT, LONGEST_WAIT, TRIES, Files, Outcome, deliver
from scanner.jobs.notify.outbox import KEPT, Entry, Outbox
from scanner.model.estate import SecretRef
from scanner.model.profile import EmailTarget, Notify, SlackTarget, Target, Tls, WebhookTarget, When
from tests.history.snapshots import a_finding
from tests.jobs.notify.samples import NOW, Clock, mail_server, receiver, told

RUN = "20260715T120000Z"
HOOK = SecretRef("env", "HOOK")


def placed(root: Path, *targets: str) -> tuple[Outbox, Files]:
    box = Outbox(root / "outbox")
    for name in targets:
        box.put(Entry(id=f"id-{name}", target=name, run=RUN, queued=NOW, told=told(a_finding())), b"<p>diff</p>")
    return box, Files(root / "scans", box)


def sent(root: Path, target: Target, clock: Clock, url: str = "") -> Sequence[Outcome]:
    box, files = placed(root, "one")
    targets = {"one": Notify("one", target, When.ALWAYS)}
    outcomes = list(deliver(box, targets, files, clock.outside({"HOOK": url} if url else {})))
    assert all("5ECRET" not in outcome.text for outcome in outcomes)
    assert not [path for path in box.folder.iterdir() if b"5ECRET" in path.read_bytes()]
    return outcomes


def waiting(root: Path) -> list[dict[str, object]]:
    return [json.loads(path.read_bytes()) for path in sorted((root / "outbox").glob("*.json"))]


def test_a_webhook_is_sent_and_signed(tmp_path: Path) -> None:
    clock = Clock()
    with receiver() as server:
        outcomes = sent(tmp_path, WebhookTarget(url=server.url, secret=SecretRef("env", "HOOK_SECRET")), clock)
    assert outcomes == [Outcome(f"one, run {RUN}: sent")]
    (request,) = server.requests
    assert request.headers["Keyaudit-Id"] == "id-one"
    assert request.headers["Keyaudit-Signature"].startswith("v1=")
    assert json.loads(request.body)["schema"] == "keyaudit/notification/1"
    assert list((tmp_path / "outbox").iterdir()) == []


def test_an_address_by_reference_and_no_signature(tmp_path: Path) -> None:
    with receiver() as server:
        (outcome,) = sent(tmp_path, WebhookTarget(url=HOOK), Clock(), server.url)
    assert not outcome.bad
    assert "Keyaudit-Signature" not in server.requests[0].headers


def test_slack_is_sent_again_after_the_time_that_it_asks_for(tmp_path: Path) -> None:
    clock = Clock()
    with receiver([(429, {"Retry-After": "3"}), (500, {})]) as server:
        (outcome,) = sent(tmp_path, SlackTarget(url=HOOK), clock, server.url)
    assert not outcome.bad
    assert clock.slept == [3.0, 2 * FIRST_WAIT]
    assert len(server.requests) == 3
    assert json.loads(server.requests[-1].body)["blocks"]


def test_what_could_not_be_sent_is_kept_and_sent_by_the_next_run_with_the_same_id(tmp_path: Path) -> None:
    clock = Clock()
    with receiver([(500, {})] * TRIES) as server:
        (outcome,) = sent(tmp_path, WebhookTarget(url=HOOK), clock, server.url)
        assert outcome == Outcome(
            f"one, run {RUN}: not sent: it was refused: HTTP 500 (the next run tries again)", waits=True
        )
        assert clock.slept == [1.0, 2.0, 4.0]
        (kept,) = waiting(tmp_path)
        assert (kept["tries"], kept["why"]) == (1, "it was refused: HTTP 500")
        box = Outbox(tmp_path / "outbox")
        targets = {"one": Notify("one", WebhookTarget(url=server.url), When.ALWAYS)}
        (outcome,) = deliver(box, targets, Files(tmp_path, box), clock.outside())
    assert not outcome.bad
    assert {request.headers["Keyaudit-Id"] for request in server.requests} == {"id-one"}
    assert waiting(tmp_path) == []


@pytest.mark.parametrize(
    ("status", "headers"), [(404, {}), (429, {"Retry-After": str(LONGEST_WAIT + 1).split(".")[0]})]
)
def test_what_helps_nothing_now_is_not_tried_again_now(status: int, headers: dict[str, str], tmp_path: Path) -> None:
    clock = Clock()
    with receiver([(status, headers)]) as server:
        (outcome,) = sent(tmp_path, WebhookTarget(url=server.url), clock)
    assert outcome.waits
    assert ("until it is mended" in outcome.text) == (status == 404)
    assert (len(server.requests), clock.slept) == (1, [])


def test_a_secret_that_is_not_there_and_a_target_that_is_gone(tmp_path: Path) -> None:
    box, files = placed(tmp_path, "gone", "slack")
    targets = {"slack": Notify("slack", SlackTarget(url=SecretRef("env", "NOWHERE")), When.ALWAYS)}
    gone, slack = deliver(box, targets, files, Clock().outside())
    assert "the profile has no such target any more" in gone.text
    assert "the environment variable NOWHERE is not set" in slack.text
    assert gone.waits
    assert slack.waits
    assert len(waiting(tmp_path)) == 2


def test_after_seven_days_it_is_dropped_and_told(tmp_path: Path) -> None:
    box, files = placed(tmp_path, "one")
    clock = Clock(NOW + KEPT - timedelta(seconds=1))
    (kept,) = deliver(box, {}, files, clock.outside())
    clock.sleep(1)
    (dropped,) = deliver(box, {}, files, clock.outside())
    assert (kept.waits, dropped.waits, dropped.lost) == (True, False, True)
    assert "dropped, not sent within 7 days: the profile has no such target any more" in dropped.text
    assert list(box.folder.iterdir()) == []
    placed(tmp_path, "two")
    assert "it was never tried" in next(iter(deliver(box, {}, files, clock.outside()))).text


def test_what_is_no_entry_waits(tmp_path: Path) -> None:
    box, files = placed(tmp_path)
    box.folder.mkdir()
    (box.folder / "x.json").write_text("{")
    (outcome,) = deliver(box, {}, files, Clock().outside())
    assert outcome.waits
    assert "not a notification" in outcome.text


def test_mail_has_its_attachments(tmp_path: Path) -> None:
    scan = tmp_path / "scans" / RUN
    scan.mkdir(parents=True)
    (scan / "report.pdf").write_bytes(b"%PDF-1.7 the report")
    with mail_server(None, refused=frozenset({"b@example.com"})) as box:
        target = EmailTarget(
            host="127.0.0.1",
            port=box.port,
            tls=Tls.NONE,
            sender="keyaudit@example.com",
            to=("a@example.com", "b@example.com"),
            attach=("pdf", "diff"),
        )
        (outcome,) = sent(tmp_path, target, Clock())
    assert outcome == Outcome(f"one, run {RUN}: sent, but 1 of 2 addresses were refused")
    content = box.taken[0].content
    assert isinstance(content, bytes)
    assert b'filename="report.pdf"' in content
    assert b'filename="diff.html"' in content


def test_what_is_not_attached_and_why(tmp_path: Path) -> None:
    box, files = placed(tmp_path, "one")
    (entry,) = (one for one in box.entries() if isinstance(one, Entry))
    box.diff(entry).unlink()
    assert files.of(entry, ("pdf", "diff")) == {"report.pdf": "there is none", "diff.html": "there is none"}
    report = tmp_path / "scans" / RUN / "report.pdf"
    report.parent.mkdir(parents=True)
    with report.open("wb") as file:
        file.truncate(mail.MOST_BYTES + 1)
    assert files.of(entry, ("pdf",)) == {"report.pdf": f"it has {mail.MOST_BYTES + 1} bytes; it lies at {report}"}
    report.unlink()
    report.mkdir()
    assert files.of(entry, ("pdf",)) == {"report.pdf": f"{report}: Is a directory"}
