"""Amazon EBS: the two defaults of a region."""

from __future__ import annotations

from pathlib import Path

from scanner.collect.aws.accounts import Service
from scanner.collect.aws.ebs import DEFAULT, KEY, NAME, OPERATIONS, collect, subject
from scanner.demo.aws.faults import Fault
from scanner.demo.aws.stores_world import Stores
from scanner.model.observation import GapReason
from tests.collect.aws.scripted import Scripted, gaps, run
from tests.collect.aws.units import collect_service
from tests.collect.fakes import Bench
from tests.demo.aws.stores_composing import spoken
from tests.support import ACCOUNT, REGION

SERVICE = Service(NAME, OPERATIONS, collect)


def test_both_defaults_are_asked_about_the_region(tmp_path: Path) -> None:
    with spoken(Stores()) as app:
        found = collect_service(tmp_path, app.url, SERVICE)
    about = subject(ACCOUNT, REGION)
    assert {(a.operation, a.subject) for a in found.answers() if a.subject} == {(DEFAULT, about), (KEY, about)}
    assert about == f"aws:{ACCOUNT}:{REGION}:ebs-default"


def test_a_denied_default_leaves_the_key(tmp_path: Path) -> None:
    with spoken(Stores()) as app:
        app.faults.add(Fault("deny", DEFAULT))
        found = collect_service(tmp_path, app.url, SERVICE)
    assert (found.gap.operation, found.gap.reason, found.asked[KEY]) == (DEFAULT, GapReason.DENIED, 1)


def test_an_answer_without_a_word_of_it_is_a_gap(bench: Bench) -> None:
    work = run(bench, collect, OPERATIONS, Scripted({KEY: {"KmsKeyId": 1}}))
    assert gaps(work) == [(DEFAULT, GapReason.MALFORMED), (KEY, GapReason.MALFORMED)]
