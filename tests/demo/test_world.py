"""The world file: what is in it is what the simulators hold, and every mistake is told with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml

from scanner.demo.azure.world import AzureWorld
from scanner.demo.ehr.world import Ehr
from scanner.demo.embedded import AWS_URL, HSM_LIBRARY
from scanner.demo.gcp.world import GoogleCloud
from scanner.demo.leaks import Leaks
from scanner.demo.vendors.world import Vendors
from scanner.demo.world import EHR_SERVERS, FOLDER, Spec, Usage, demo_estate, load_world, problems
from scanner.errors import ConfigError
from tests.support import ACCOUNT, REGION, a_key, a_world

GOOD = """\
management_account: "111122223333"
tracking_days: 400
accounts:
  - {id: "111122223333", name: main, about: ""}
statements:
  root: {Sid: Root}
policies:
  separated: [root]
stores:
  - {name: hsm, account: "111122223333", region: us-east-1, kind: AWS_CLOUDHSM, age_days: 3}
keys:
  - alias: one
    account: "111122223333"
    region: us-east-1
    about: ""
    age_days: 10
    replicated_to: [us-west-2]
  - alias: two
    account: "111122223333"
    region: us-west-2
    about: ""
    age_days: 10
    replica_of: one
  - {alias: three, account: "111122223333", region: us-east-1, about: "", age_days: 1, origin: AWS_CLOUDHSM, store: hsm}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "world.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_world_is_read(tmp_path: Path) -> None:
    world = load_world(write(tmp_path, GOOD))
    assert [key.alias for key in world.keys] == ["one", "two", "three"]
    assert world.policy("separated") == [{"Sid": "Root"}]
    assert world.key("two").replica_of == "one"
    assert world.store("hsm").kind == "AWS_CLOUDHSM"


# (text to replace, by what, line of the mistake, what is said)
MISTAKES = [
    ('management_account: "111122223333"', 'management_account: "999988887777"', 1, "there is no account 999988887777"),
    ('management_account: "111122223333"', "management_account: main", 1, "there is no account main"),
    ("tracking_days: 400", "tracking_days: many", 2, "tracking_days"),
    ("tracking_days: 400", "tracking_days: -1", 2, "tracking_days"),
    ("tracking_days: 400", "tracking: 400", 2, "unknown key 'tracking'"),
    ('- {id: "111122223333"', '- {id: "1"', 4, "id"),
    (', name: main, about: ""}', ', name: main, about: "", state: GONE}', 4, "state"),
    ("separated: [root]", "separated: [rot]", 8, "there is no statement rot"),
    ("kind: AWS_CLOUDHSM", "kind: SHOEBOX", 10, "kind"),
    ('hsm, account: "111122223333"', 'hsm, account: "222233334444"', 10, "there is no account 222233334444"),
    ("region: us-east-1\n    about", "region: nowhere\n    about", 14, "region"),
    ("age_days: 10\n    replicated", "age_days: 99999\n    replicated", 16, "age_days"),
    ("age_days: 10\n    replicated", "policy: open\n    age_days: 10\n    replicated", 16, "there is no policy open"),
    ("replicated_to: [us-west-2]", "spec: AES_128", 17, "spec"),
    ("replicated_to: [us-west-2]", "usage: SING", 17, "usage"),
    ("replicated_to: [us-west-2]", "rotation: {period_days: 10}", 17, "period_days"),
    ("replicated_to: [us-west-2]", "deletion_window_days: 3", 17, "deletion_window_days"),
    ("replicated_to: [us-west-2]", "denied: [GetKeyPolicy]", 17, "denied"),
    ("replicated_to: [us-west-2]", "grants: [{name: g}]", 17, "grantee"),
    ("replica_of: one", "replica_of: nobody", 23, "no primary nobody"),
    ("replicated_to: [us-west-2]", "description: x", 23, "no primary one"),
    ("alias: two", "alias: one", 18, "one is given twice"),
    ("alias: three", 'alias: ""', 24, "alias"),
    ("store: hsm", "store: safe", 24, "there is no store safe in 111122223333 us-east-1"),
    ("region: us-east-1, kind", "region: us-west-2, kind", 24, "there is no store hsm in 111122223333 us-east-1"),
    ('about: "", age_days: 1,', "age_days: 1,", 24, "the key 'about' is missing"),
    ("age_days: 3}", "age_days: 3, cluster: vault}", 10, "there is no cluster vault"),
    ("tracking_days: 400", "tracking_days: 400\ndenied: [{operation: ListKeys, defect: x}]", 3, "operation"),
    ("tracking_days: 400", 'tracking_days: 400\ndenied: [{operation: "kms:*", defect: x}]', 3, "operation"),
    (
        "tracking_days: 400",
        'tracking_days: 400\ndenied: [{operation: "bedrock-agent:GetAgent", account: "222233334444", defect: x}]',
        *(3, "there is no account 222233334444"),
    ),
    (
        "tracking_days: 400",
        'tracking_days: 400\naudit: {unlogged: [{key: gone, event: use, defect: x}]}',
        *(3, "there is no key gone"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "said"), MISTAKES)
def test_mistakes_are_told_with_file_and_line(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_world(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert said in str(caught.value)


@pytest.mark.parametrize(("section", "entry"), [("accounts", 3), ("stores", 9)])
def test_what_is_given_twice(tmp_path: Path, section: str, entry: int) -> None:
    lines = GOOD.splitlines()
    lines.insert(entry, lines[entry])
    path = write(tmp_path, "\n".join(lines))
    with pytest.raises(ConfigError, match=rf"world\.yaml:{entry + 2}: .* is given twice"):
        load_world(path)


@pytest.mark.parametrize("text", ["", "[]", "keys: [", "a: &a 1\nb: *a"])
def test_what_is_no_world(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"world\.yaml"):
        load_world(write(tmp_path, text))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_world(tmp_path / "world.yaml")


def test_the_reference_world_fits_together() -> None:
    world = load_world()
    assert list(problems(world)) == []
    assert {key.alias for key in world.keys if key.defect or key.denied} <= {key.alias for key in world.keys}


def test_names_that_are_not_there() -> None:
    world = a_world(a_key("one"))
    with pytest.raises(ConfigError, match="no key 'two'"):
        world.key("two")
    with pytest.raises(ConfigError, match="no store 'safe'"):
        world.store("safe")


# Identities.
def test_identities_are_the_same_on_every_run_and_differ_between_keys() -> None:
    assert a_key("one").id == a_key("one").id
    others = [a_key("one"), a_key("two"), a_key("one", region="us-west-2"), a_key("one", account="444455556666")]
    assert len({key.id for key in others}) == 4
    assert a_key("one").arn == f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{a_key('one').id}"


def test_related_keys_share_an_identity() -> None:
    primary = a_key("p", replicated_to=["us-west-2"])
    replica = a_key("r", replica_of="p", region="us-west-2")
    assert primary.id == replica.id
    assert primary.id.startswith("mrk-")
    assert primary.arn != replica.arn


@pytest.mark.parametrize(("names", "shape"), [(Spec, "KeySpec"), (Usage, "KeyUsageType")])
def test_specs_and_usages_are_documented(names: object, shape: str) -> None:
    model = botocore.session.Session().get_service_model("kms")
    documented = model.shape_for(shape).enum  # type: ignore[attr-defined]  # of a string shape
    assert set(names.__args__) <= set(documented)  # type: ignore[attr-defined]  # of a Literal


def test_the_estate_points_at_the_simulator() -> None:
    text = demo_estate(load_world(), {AWS_URL: "http://127.0.0.1:1234", HSM_LIBRARY: "/usr/lib/libhsm.so"})
    assert "endpoint_url: http://127.0.0.1:1234\n" in text
    assert "module: /usr/lib/libhsm.so " in text
    assert "<" not in text.replace("<postgres>", "", 1)  # what the head says of marks
    assert (FOLDER / "estate.yaml").read_text(encoding="utf-8").count("http://127.0.0.1:5000") == 1


WITHOUT: dict[str, Any] = {"vendors": Vendors(), "leaks": Leaks(), "ehr": Ehr(), "registers": False}


@pytest.mark.parametrize(
    ("parts", "sources", "tested"),
    [
        (
            {},
            ["aws", "azure", "gcp", "vendors", "endpoints", "leaks", "postgres", "pkcs11"],
            ["aws", "azure", "gcp", "s3", "pkcs11", "postgres"],
        ),
        (
            {"postgres": [], "gcp": GoogleCloud(), "leaks": Leaks()},
            ["aws", "azure", "vendors", "endpoints", "pkcs11"],
            ["aws", "azure", "s3", "pkcs11"],
        ),
        (
            {**WITHOUT, "tokens": [], "audio": [], "azure": AzureWorld()},
            ["aws", "gcp", "postgres"],
            ["aws", "gcp", "postgres"],
        ),
        ({**WITHOUT, "keys": [], "postgres": []}, ["aws", "azure", "gcp", "pkcs11"], []),
    ],
)
def test_the_estate_has_what_the_world_has(parts: dict[str, Any], sources: list[str], tested: list[str]) -> None:
    text = demo_estate(load_world().model_copy(update=parts), {HSM_LIBRARY: ""})
    estate = yaml.safe_load(text)
    assert list(estate["sources"]) == sources
    assert list(estate["selftest"]) == tested
    assert ("hierarchy" in estate) == ("pkcs11" in sources)
    assert ("salt" in estate) == ("leaks" in sources)


def test_of_the_vendors_the_estate_has_those_of_the_world() -> None:
    one = Vendors(deepgram=load_world().vendors.deepgram)
    estate = yaml.safe_load(demo_estate(load_world().model_copy(update={"vendors": one}), {}))
    assert [source["vendor"] for source in estate["sources"]["vendors"]] == ["deepgram"]


def test_of_the_servers_of_health_records_the_estate_has_those_of_the_world() -> None:
    servers = load_world().ehr.servers
    assert {server.name for server in servers} == set(EHR_SERVERS)
    text = demo_estate(load_world().model_copy(update={"ehr": Ehr(servers=servers[:1])}), {})
    assert [source["name"] for source in yaml.safe_load(text)["sources"]["endpoints"]] == ["hospital"]


def test_the_keys_of_vendors_go_by_the_variables_that_the_estate_names() -> None:
    world = load_world()
    sources = yaml.safe_load(demo_estate(world, {}))["sources"]["vendors"]
    named = {one[key]["env"] for one in sources for key in ("admin_key", "project_key") if key in one}
    assert world.vendors.keys.keys() == named
