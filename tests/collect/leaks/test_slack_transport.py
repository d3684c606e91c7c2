"""The transport answers about the workspace of its token; and a scan, from the estate file to every output."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scanner.cli import running as cli
from scanner.cli.options import FailOn, Output
from scanner.collect.interface import CallError, ForbiddenOperationError
from scanner.collect.leaks import slack_transport
from scanner.collect.leaks.operations import PLACES, READ
from scanner.collect.leaks.slack_transport import Workspace as Transport
from scanner.demo.aws.faults import Fault
from scanner.demo.embedded import environment
from scanner.demo.slack import Conversation, SlackSimulator, Workspace, slack_simulator
from scanner.model.estate import LeakSource, SecretRef
from scanner.model.ids import Json
from scanner.model.observation import GapReason
from scanner.model.report import Report
from tests.collect.fakes import Clock
from tests.collect.leaks.slack_support import FOUND, KEYS, NAME, TOKEN, workspace
from tests.collect.leaks.support import HASHES
from tests.proof.outputs import contents

PLACE = "Slack workspace T0SIMULATED"


@pytest.fixture(scope="module")
def running() -> Iterator[SlackSimulator]:
    with slack_simulator(workspace(bot=True), TOKEN, page_size=2) as simulator:
        yield simulator


@pytest.fixture
def slack(running: SlackSimulator) -> Iterator[SlackSimulator]:
    running.requests.clear()
    yield running
    running.faults.clear()


def transport(simulator: SlackSimulator, token: str = TOKEN, **given: Any) -> Transport:  # noqa: ANN401 - of LeakSource
    source = LeakSource(
        name="slack", kind="slack", token=SecretRef("env", "T"), endpoint_url=f"{simulator.url}/", **given
    )
    return Transport(source, token, HASHES, Clock().outside(), 1e9, 1)


def answer(made: Transport, operation: str, params: dict[str, Json]) -> dict[str, Any]:
    body = made.send(operation, params).body
    assert isinstance(body, dict)
    return body


def test_the_place_is_the_workspace_that_the_token_opens(slack: SlackSimulator) -> None:
    made = transport(slack)
    (place,) = answer(made, PLACES, {})["places"]
    assert (place["place"], place["kind"], place["workspace"], place["asks"]) == (
        PLACE,
        "slack",
        "T0SIMULATED",
        "a bot",
    )
    assert "im:history" in place["scopes"]
    assert [one.method for one in slack.requests] == ["auth.test"]
    body = answer(made, READ, {"place": PLACE})
    assert (len(body["leaks"]), body["messages"], body["skipped"]) == (len(FOUND), 11, [])
    assert body["rules"].startswith("keyaudit ")
    assert [one.method for one in slack.requests].count("auth.test") == 1
    assert made.endpoint == slack.url
    made.close()


def test_a_scan_that_goes_on_asks_anew_whose_token_it_is(slack: SlackSimulator) -> None:
    made = transport(slack)
    assert len(answer(made, READ, {"place": PLACE})["leaks"]) == len(FOUND)
    assert slack.requests[0].method == "auth.test"


def test_each_channel_that_is_named_is_a_place(slack: SlackSimulator) -> None:
    made = transport(slack, channels=("C0OPEN", "D0PAIR"), since_days=3650)
    names = [one["place"] for one in answer(made, PLACES, {})["places"]]
    assert names == [f"{PLACE} channel C0OPEN", f"{PLACE} channel D0PAIR"]
    body = answer(made, READ, {"place": names[1]})
    assert {one["path"] for one in body["leaks"]} == {"D0PAIR"}
    assert [one["reason"] for one in body["skipped"]] == ["older"]


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        (READ, {}),
        (READ, {"place": "Slack workspace T0OTHER"}),
        (READ, {"place": PLACE, "more": "x"}),
        (PLACES, {"place": PLACE}),
        ("chat.postMessage", {"channel": "C0OPEN"}),
    ],
)
def test_whatever_else_is_asked_is_refused(slack: SlackSimulator, operation: str, params: dict[str, Json]) -> None:
    with pytest.raises(ForbiddenOperationError):
        transport(slack).send(operation, params)
    assert {one.method for one in slack.requests} <= {"auth.test"}


def test_what_does_not_name_a_workspace_is_no_slack(slack: SlackSimulator) -> None:
    slack.faults.add(Fault("wrong_types"))
    with pytest.raises(CallError, match="is this Slack") as caught:
        transport(slack).send(PLACES, {})
    assert caught.value.reason is GapReason.MALFORMED


def test_without_the_sdk_the_error_says_what_to_install(slack: SlackSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack_transport, "find_spec", lambda _: None)
    with pytest.raises(CallError) as caught:
        transport(slack)
    assert caught.value.reason is GapReason.UNSUPPORTED
    assert 'slack_sdk is not installed: pip install "keyaudit[leaks]"' in caught.value.detail


@dataclass(frozen=True, slots=True)
class Left:
    """What a scan left behind."""

    folder: Path
    report: Report
    said: str

    def verdicts(self) -> dict[str, str]:
        return {str(one.control.id): str(one.verdict) for one in self.report.results}

    def gaps(self) -> list[dict[str, Any]]:
        lines = [
            line for path in (self.folder / "out" / "evidence").iterdir() for line in path.read_text().splitlines()
        ]
        records = map(json.loads, lines)
        return [one for one in records if one["kind"] == "gap" and one["source_name"] == "slack"]


def scanned(folder: Path, url: str, token: str) -> Left:
    """Scan an estate file, as a user does, by the controls over leaks."""
    estate = folder / "estate.yaml"
    estate.write_text(
        "keyaudit: 1\norganization: Example\nsources:\n  leaks:\n"
        f'    - {{name: slack, slack: {{token: {{env: SLACK_TOKEN}}}}, endpoint_url: "{url}"}}\n'
    )
    start = cli.Start(
        estate=estate,
        output=folder / "out",
        selection=cli.Selection(controls=("KM-DST-03", "KM-DST-09", "KM-DST-10")),
        as_of=None,
        formats=("json", "html"),
        overwrite=False,
        controls=None,
    )
    heard = io.StringIO()
    with environment({"SLACK_TOKEN": token}), redirect_stdout(heard), redirect_stderr(heard):
        report, _ = cli.start(start, cli.Show(Output.TEXT, quiet=False, verbose=2, fail_on=FailOn.LOW))
    (folder / "said.txt").write_text(heard.getvalue())
    return Left(folder, report, heard.getvalue())


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    with slack_simulator(workspace(), TOKEN, page_size=2) as simulator:
        return scanned(tmp_path_factory.mktemp("slack"), simulator.url, TOKEN)


def test_a_planted_key_is_found_wherever_it_stands(left: Left) -> None:
    (leaked,) = [one for one in left.report.results if str(one.control.id) == "KM-DST-03"]
    told = json.dumps([finding.observed for finding in leaked.findings], default=str)
    for channel, message in FOUND:
        assert f"{PLACE}: {channel} message {message}" in told
    assert left.verdicts()["KM-DST-03"] == "fail"
    assert left.verdicts()["KM-DST-09"] == "pass"
    assert left.gaps() == []


def test_nothing_secret_is_in_any_byte(left: Left) -> None:
    words = [word.encode() for word in (*KEYS, TOKEN, NAME, "Jane", "U0SOMEBODY", "good morning")]
    every = [one for path in left.folder.rglob("*") if path.is_file() for one in contents(path)]
    assert len(every) > 10
    assert [(where, word) for where, data in every for word in words if word in data] == []
    # The search finds what may be seen.
    assert any(b"D0PAIR" in data for _, data in every)


def test_a_workspace_with_a_channel_that_refuses_is_never_clean(tmp_path: Path) -> None:
    shut = Workspace(channels=[Conversation(id="C0OPEN"), Conversation(id="C0SHUT", member=False)])
    with slack_simulator(shut, TOKEN) as simulator:
        made = scanned(tmp_path, simulator.url, TOKEN)
    (gap,) = made.gaps()
    assert (gap["reason"], gap["subject"]) == ("denied", PLACE)
    assert "C0SHUT (not_in_channel)" in gap["detail"]
    assert "keyaudit permissions leaks" in made.said
    assert "pass" not in made.verdicts().values()


def test_a_wrong_token_is_a_gap_with_a_hint(tmp_path: Path) -> None:
    with slack_simulator(workspace(), TOKEN) as simulator:
        made = scanned(tmp_path, simulator.url, "xoxp-another-word")
    (gap,) = made.gaps()
    assert (gap["operation"], gap["reason"], gap["error_code"]) == (PLACES, "denied", "invalid_auth")
    assert "check what `slack.token` names" in gap["detail"]
    assert set(made.verdicts().values()) == {"unknown"}
    assert b"xoxp-another-word" not in b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
