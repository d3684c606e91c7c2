"""Every named tampering is caught, at the step and the member that it touches, and never by accident."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.verify.report import Step, VerificationError
from scanner.verify.statement import load_key
from scanner.verify.steps import Policy, verify
from tests.packages import key, package, public_pem
from tests.verify.tampered import IN_THE_LISTING, IN_THE_ZIP, Tampering
from tests.verify.tampered_evidence import IN_THE_EVIDENCE
from tests.verify.tampered_seals import BETWEEN_MEMBERS, IN_THE_STATEMENT

TABLES = (IN_THE_ZIP, IN_THE_LISTING, IN_THE_EVIDENCE, IN_THE_STATEMENT, BETWEEN_MEMBERS)
EVERY = {name: tampering for table in TABLES for name, tampering in table.items()}


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    path = tmp_path_factory.mktemp("key") / "operator.pub"
    path.write_bytes(public_pem(key()))
    return Policy(trusted=(load_key(path),))


def test_the_untouched_package_verifies(policy: Policy, tmp_path: Path) -> None:
    path = tmp_path / "good.zip"
    path.write_bytes(package())
    assert verify(path, policy).signed_by == policy.trusted[0].fingerprint


def test_there_are_many_and_no_name_stands_twice() -> None:
    assert len(EVERY) == sum(map(len, TABLES)) >= 200


@pytest.mark.parametrize(("name", "tampering"), EVERY.items(), ids=EVERY)
def test_it_is_caught_where_it_is(name: str, tampering: Tampering, policy: Policy, tmp_path: Path) -> None:
    step, member, make = tampering
    path = tmp_path / "package.zip"
    path.write_bytes(make())
    before = set(tmp_path.iterdir())
    with pytest.raises(VerificationError) as caught:
        verify(path, policy)
    assert (caught.value.step, caught.value.member) == (step, member)
    assert [told.step for told in caught.value.passed] == list(Step)[: list(Step).index(step)]
    assert caught.value.exit_code == 20
    assert set(tmp_path.iterdir()) == before
