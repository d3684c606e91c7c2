"""HSMs of a subscription's own."""

from __future__ import annotations

from pathlib import Path

from scanner.collect.azure import hsms
from scanner.collect.azure.hsms import CLUSTERS, DEDICATED
from scanner.collect.azure.shapes import UNREGISTERED
from scanner.model.observation import GapReason
from tests.collect.aws.running import Collected
from tests.collect.azure.scripted import code, run


def test_both_kinds_are_listed_in_each_subscription(scanned: Collected) -> None:
    assert (scanned.asked[DEDICATED], scanned.asked[CLUSTERS]) == (2, 2)


def test_a_subscription_without_the_service_has_none_and_a_denied_one_may(tmp_path: Path) -> None:
    answers = {DEDICATED: code(GapReason.FAILED, UNREGISTERED), CLUSTERS: code(GapReason.DENIED, "AuthorizationFailed")}
    collected, _ = run(tmp_path, answers, hsms.SERVICE)
    assert collected.why == {(CLUSTERS, "denied", "AuthorizationFailed")}
