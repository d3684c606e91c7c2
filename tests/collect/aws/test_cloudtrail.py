"""AWS CloudTrail: what is asked of trails and of the log, and that nothing of an event is kept but what facts need."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from scanner.collect.aws import cloudtrail, cloudtrail_digests
from scanner.collect.interface import Unit
from scanner.demo.aws.audit_world import Audit, KeyEvent
from scanner.demo.aws.faults import Fault
from scanner.model.observation import GapReason
from scanner.normalize.aws import key_events
from tests.collect.aws.kept import a_unit, collect_kept
from tests.collect.aws.scripted import Scripted, gaps, run
from tests.collect.fakes import Bench
from tests.demo.aws.trails_composing import a_trail, heard
from tests.support import ACCOUNT, a_key

OTHER = "444455556666"
ALL = (*cloudtrail.OPERATIONS, *cloudtrail.DIGEST_OPERATIONS)


def unit(url: str, **given: Any) -> Unit:  # noqa: ANN401 - fields of Unit
    return a_unit(url, cloudtrail.NAME, cloudtrail.OPERATIONS, cloudtrail.collect, **given)


def test_every_trail_and_every_event_of_the_life_cycle_is_asked_for(tmp_path: Path) -> None:
    log = Audit(trails=[a_trail(), a_trail("second", multi_region=False)])
    with heard(log) as aws:
        found = collect_kept(tmp_path, unit(aws.url))
    assert found.gaps == []
    assert found.asked == {cloudtrail.TRAILS: 1, cloudtrail.STATUS: 2, cloudtrail.SELECTORS: 2, cloudtrail.EVENTS: 14}
    assert {answer.subject for answer in found.answers(cloudtrail.EVENTS)} == set(cloudtrail.LIFE_CYCLE)
    assert not any("StartTime" in answer.params for answer in found.answers(cloudtrail.EVENTS))


def test_collector_and_normalizer_mean_the_same_events() -> None:
    assert set(cloudtrail.LIFE_CYCLE) == key_events.LIFE_CYCLE
    assert len(cloudtrail.LIFE_CYCLE) == len(set(cloudtrail.LIFE_CYCLE))


def test_a_region_without_a_trail_costs_one_call_about_trails(tmp_path: Path) -> None:
    with heard() as aws:
        found = collect_kept(tmp_path, unit(aws.url, region="eu-west-1"))
    assert found.asked[cloudtrail.TRAILS] == 1
    assert found.asked[cloudtrail.STATUS] == found.asked[cloudtrail.SELECTORS] == 0


def test_a_long_log_is_read_to_the_end(tmp_path: Path) -> None:
    keys = [a_key(f"k{i}", age_days=10) for i in range(7)]
    with heard(keys=keys, page_size=3) as aws:
        found = collect_kept(tmp_path, unit(aws.url))
    created = [answer for answer in found.answers(cloudtrail.EVENTS) if answer.subject == "CreateKey"]
    assert [(answer.page, answer.last) for answer in created] == [(0, False), (1, False), (2, True)]


def test_of_an_event_only_what_facts_need_is_kept(tmp_path: Path) -> None:
    with heard(keys=[a_key("one", age_days=10)]) as aws:
        found = collect_kept(tmp_path, unit(aws.url))
    (page,) = [answer for answer in found.answers(cloudtrail.EVENTS) if answer.subject == "CreateKey"]
    assert isinstance(page.response, dict)
    assert page.response["ServerTime"] == "2026-06-15T12:00:00.000Z"
    event: Any = page.response["Events"]
    record = event[0]["CloudTrailEvent"]
    assert "managementEvent" not in record
    assert record["userIdentity"]["arn"].startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/")


def test_a_member_of_an_organization_may_be_told_that_there_is_no_such_trail(tmp_path: Path) -> None:
    log = Audit(trails=[a_trail("org", account=OTHER, organization=True)])
    with heard(log) as aws:
        found = collect_kept(tmp_path, unit(aws.url))
    assert found.gaps == []
    (refused,) = found.answers(cloudtrail.SELECTORS)
    assert refused.error_code == "TrailNotFoundException"


@pytest.mark.parametrize(("region", "reasons"), [("us-east-1", {GapReason.FAILED}), ("eu-west-1", set())])
def test_only_at_its_home_a_trail_that_is_not_there_is_a_gap(
    bench: Bench, region: str, reasons: set[GapReason]
) -> None:
    trails: Any = {"trailList": [{"TrailARN": "arn:x", "HomeRegion": "us-east-1"}]}
    codes = dict.fromkeys((cloudtrail.STATUS, cloudtrail.SELECTORS), "TrailNotFoundException")
    provider = Scripted({cloudtrail.TRAILS: trails, cloudtrail.EVENTS: {"Events": []}}, codes)
    work = run(bench, cloudtrail.collect, cloudtrail.OPERATIONS, provider, region=region)
    assert {reason for _, reason in gaps(work)} == reasons


def test_a_denied_question_is_a_gap_of_its_own(tmp_path: Path) -> None:
    with heard(Audit(trails=[a_trail()])) as aws:
        aws.faults.add(Fault("deny", cloudtrail.SELECTORS))
        aws.faults.add(Fault("deny", cloudtrail.EVENTS, subject='RotateKey"'))
        found = collect_kept(tmp_path, unit(aws.url))
    assert {(gap.operation, gap.subject) for gap in found.gaps} == {
        (cloudtrail.SELECTORS, a_trail().arn),
        (cloudtrail.EVENTS, "RotateKey"),
    }


MALFORMED: list[tuple[str, str, Any]] = [
    ("trails that are no list", cloudtrail.TRAILS, {"trailList": {}}),
    ("a trail without a name", cloudtrail.TRAILS, {"trailList": [{"Name": "x"}]}),
    ("no status", cloudtrail.STATUS, {"LatestDeliveryTime": "x"}),
    ("no selectors", cloudtrail.SELECTORS, {"TrailARN": "x"}),
    ("events that are no list", cloudtrail.EVENTS, {"Events": "none"}),
    ("an event without an id", cloudtrail.EVENTS, {"Events": [{}]}),
]


@pytest.mark.parametrize(("operation", "body"), [m[1:] for m in MALFORMED], ids=[m[0] for m in MALFORMED])
def test_an_answer_of_another_shape_is_a_gap(bench: Bench, operation: str, body: Any) -> None:  # noqa: ANN401
    good: dict[str, Any] = {
        cloudtrail.TRAILS: {"trailList": [{"TrailARN": "arn:x"}]},
        cloudtrail.STATUS: {"IsLogging": True},
        cloudtrail.SELECTORS: {"EventSelectors": []},
        cloudtrail.EVENTS: {"Events": []},
    }
    work = run(bench, cloudtrail.collect, cloudtrail.OPERATIONS, Scripted({**good, operation: body}))
    assert set(gaps(work)) == {(operation, GapReason.MALFORMED)}


def test_a_narrow_plan_asks_nothing_of_the_log(bench: Bench) -> None:
    provider = Scripted({cloudtrail.TRAILS: {"trailList": []}})
    run(bench, cloudtrail.collect, (cloudtrail.OPERATIONS[0],), provider)
    assert provider.operations == [cloudtrail.TRAILS]


def test_digests_are_read_only_when_they_are_to_be_verified(bench: Bench) -> None:
    trail = {"TrailARN": "arn:x", "Name": "x", "HomeRegion": "h", "S3BucketName": "b", "LogFileValidationEnabled": True}
    bodies: dict[str, Any] = {
        cloudtrail.TRAILS: {"trailList": [trail]},
        cloudtrail.STATUS: {"IsLogging": True},
        cloudtrail.SELECTORS: {"EventSelectors": []},
        cloudtrail.EVENTS: {"Events": []},
    }
    plain, verifying = Scripted(bodies), Scripted(bodies)
    run(bench, cloudtrail.collect, ALL, plain)
    assert cloudtrail_digests.LIST not in plain.operations
    run(bench, partial(cloudtrail.collect, verify_digests=True), ALL, verifying)
    assert cloudtrail_digests.LIST in verifying.operations


def test_an_event_that_failed_is_an_event(tmp_path: Path) -> None:
    tried = KeyEvent(key="one", name="DisableKey", days_ago=3, error="AccessDenied")
    with heard(Audit(events=[tried]), keys=[a_key("one")]) as aws:
        found = collect_kept(tmp_path, unit(aws.url))
    (page,) = [answer for answer in found.answers(cloudtrail.EVENTS) if answer.subject == "DisableKey"]
    assert "AccessDenied" in str(page.response)
