"""From the estate to a job: which schedule counts, which folders, which names of secrets, which permissions."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from scanner import __version__
from scanner.cli.schedule_job import choose_schedule, find_profile, make_job
from scanner.errors import ConfigError, KeyauditError
from scanner.estate.load import load_estate, read_estate
from scanner.model.estate import Estate
from scanner.model.schedule import Every, at_time, from_cron
from scanner.schedule.job import Job

ESTATE = """\
keyaudit: 1
organization: Example
salt: {env: SALT}
sources:
  aws:
    - name: prod
      role_arn: arn:aws:iam::111122223333:role/audit
      external_id: {env: EXTERNAL_ID}
      regions: [us-east-1]
    - {name: all, organization: true, regions: [us-east-1]}
  pkcs11:
    - {name: root, module: libsofthsm2.so, token: root, pin: {file: /etc/keyaudit/pin}}
  postgres:
    - {name: rows, dsn: {keyring: rows}}
profiles:
  nightly:
    folder: runs/nightly
    store: history.db
    schedule: {at: "02:30", every: week, timezone: Europe/Berlin}
    controls: [KM-ROT-04]
    package: {sign: "file:/etc/keyaudit/audit.key", passphrase: {env: PASSPHRASE}, timestamp: "https://tsa.example.com/"}
    notify: [{slack: {url: {env: SLACK_URL}}}, {webhook: {url: "https://example.com/", secret: {env: HOOK_SECRET}}}]
  other:
    folder: /var/lib/keyaudit/other
    only: [prod]
    store: {env: KEYAUDIT_STORE}
  remote: {folder: /var/lib/keyaudit/remote, store: "postgresql://keyaudit@db.example.com/history", only: [rows]}
"""


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Estate:
    file = tmp_path_factory.mktemp("estate") / "estate.yaml"
    file.write_text(ESTATE, encoding="utf-8")
    return load_estate(file)


def job(estate: Estate, name: str, *, with_policy: bool = False) -> Job:
    profile, when = find_profile(read_estate(Path(estate.path)), name), at_time("02:30", "day")
    return make_job(estate, profile, when, program=Path("bin/keyaudit"), with_policy=with_policy)


def test_names_of_what_the_profile_and_all_its_sources_refer_to(estate: Estate) -> None:
    made = job(estate, "nightly")
    assert made.variables == ("EXTERNAL_ID", "HOOK_SECRET", "PASSPHRASE", "SALT", "SLACK_URL")
    assert (made.files, made.keyrings) == (("/etc/keyaudit/pin",), ("rows",))


def test_and_no_more_when_it_reads_some_sources_only(estate: Estate) -> None:
    made = job(estate, "other")
    assert (made.variables, made.files, made.keyrings) == (("EXTERNAL_ID", "KEYAUDIT_STORE", "SALT"), (), ())
    assert job(estate, "remote").keyrings == ("rows",)


def test_where_it_writes(estate: Estate) -> None:
    folder = Path(estate.path).parent
    assert [str(path) for path in job(estate, "nightly").writable] == [str(folder / "runs/nightly"), str(folder)]
    assert [str(path) for path in job(estate, "other").writable] == ["/var/lib/keyaudit/other"]
    assert [str(path) for path in job(estate, "remote").writable] == ["/var/lib/keyaudit/remote"]


def test_what_it_needs_besides(estate: Estate) -> None:
    made = job(estate, "nightly", with_policy=True)
    assert made.extras == ("history", "hsm", "postgres", "sign")
    assert made.roles == ("arn:aws:iam::*:role/keyaudit-audit", "arn:aws:iam::111122223333:role/audit")
    assert made.version == __version__
    assert (str(made.program), str(made.repository)) == (str(Path.cwd() / "bin/keyaudit"), str(Path.cwd()))
    actions = json.loads(made.aws_policy)["Statement"][0]["Action"]
    whole = Path(__file__).parent.parent.parent / "docs" / "permissions" / "aws.json"
    everything = json.loads(whole.read_text(encoding="utf-8"))["Statement"][0]["Action"]
    assert "kms:GetKeyRotationStatus" in actions
    assert set(actions) < set(everything)  # one control needs less


def test_an_estate_without_aws_needs_no_policy(tmp_path: Path) -> None:
    file = tmp_path / "estate.yaml"
    file.write_text(
        "keyaudit: 1\norganization: Example\nsources: {postgres: [{name: rows, dsn: {env: DSN}}]}\n"
        "profiles: {nightly: {folder: runs}}\n",
        encoding="utf-8",
    )
    made = job(load_estate(file), "nightly", with_policy=True)
    assert (made.aws, made.aws_policy, made.roles, made.extras) == (False, "", (), ("postgres",))


def test_an_unknown_profile_is_told_with_those_that_are_there(estate: Estate, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no profile 'weekly'") as raised:
        find_profile(read_estate(Path(estate.path)), "weekly")
    assert raised.value.hint == "there are: nightly, other, remote"
    file = tmp_path / "estate.yaml"
    file.write_text(ESTATE.partition("profiles:")[0], encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        find_profile(read_estate(file), "weekly")
    assert raised.value.hint.startswith("add it under `profiles:`")


def test_the_only_profile_need_not_be_named(estate: Estate, tmp_path: Path) -> None:
    file = tmp_path / "estate.yaml"
    file.write_text(ESTATE.partition("profiles:")[0] + "profiles: {one: {folder: n}}\n", encoding="utf-8")
    assert find_profile(read_estate(file), None).name == "one"
    with pytest.raises(ConfigError, match="which profile") as raised:
        find_profile(read_estate(Path(estate.path)), None)
    assert raised.value.hint == "there are: nightly, other, remote"


def test_which_schedule_counts(estate: Estate) -> None:
    nightly = find_profile(read_estate(Path(estate.path)), "nightly")
    assert choose_schedule(nightly, None, None, None, None) == at_time("02:30", "week", "Europe/Berlin")
    assert choose_schedule(nightly, "03:00", None, None, None) == at_time("03:00", "day")
    assert choose_schedule(nightly, "03:00", "month", None, "Asia/Tokyo") == at_time("03:00", "month", "Asia/Tokyo")
    assert choose_schedule(nightly, None, None, "5 4 * * 0", None) == from_cron("5 4 * * 0")


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("nightly", ("03:00", None, "5 4 * * 0", None), "--at and --cron both say when"),
        ("nightly", (None, "day", None, None), "--every goes with --at, and there is none"),
        ("nightly", (None, None, None, "Asia/Tokyo"), "--timezone goes with --at or --cron"),
        ("nightly", ("3", None, None, None), "--at must be a time of day"),
        ("nightly", (None, None, "@daily", None), "--cron must have five fields"),
        ("nightly", ("03:00", None, None, "Mars"), "--timezone must be the name of a time zone"),
        ("other", (None, None, None, None), "nothing says when to run other"),
    ],
)
def test_options_that_do_not_say_when(
    estate: Estate, name: str, options: tuple[str | None, Every | None, str | None, str | None], said: str
) -> None:
    with pytest.raises(KeyauditError, match=re.escape(said)) as raised:
        choose_schedule(find_profile(read_estate(Path(estate.path)), name), *options)
    assert (raised.value.exit_code, bool(raised.value.hint)) == (2, True)
