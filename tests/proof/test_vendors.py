"""AI vendors and EHRs answer with secrets, people and hostile texts wherever they can: no byte of any output has one.

What has no shape (a name, an address) is planted where a vendor tells of people or of what was said: only what is never
kept loses it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scanner.demo.aws.faults import Fault
from scanner.demo.ehr.documents import document
from scanner.demo.embedded import environment
from scanner.demo.vendors import simulator as vendor_server
from scanner.demo.vendors.simulator import VendorSimulator
from scanner.demo.vendors.world import Vendors
from scanner.evidence.canonical import clean_text
from scanner.evidence.redact import MAX_TEXT
from tests.demo.ehr.running import running
from tests.demo.vendors.running import VENDORS, keys_of, reference, simulated
from tests.proof.canaries import CONTROL, EVERYTHING, NAMED, PERSONAL, SECRETS, Canary, Search
from tests.proof.checks import acting, foreign, formulas, markup
from tests.proof.conftest import TEXTS
from tests.proof.outputs import contents
from tests.proof.payloads import HOSTILE, HUGE
from tests.proof.pipeline import short_run
from tests.proof.planting import Planter

pytestmark = pytest.mark.slow

ADDRESS = Canary("address", "canaryquill.philippa@clinic.example", ("canaryquill.philippa",))
PEOPLE = (NAMED, ADDRESS)
"""What a vendor tells of people, and what they said."""
_BY_NAME = {canary.name: canary.text for canary in SECRETS}
EXTRA: Mapping[str, Any] = {
    # Of keys, as the vendors' models call them: the key, its hash, what is shown of it.
    "value": _BY_NAME["openai"],
    "key": _BY_NAME["anthropic"],
    "xi_api_key": _BY_NAME["elevenlabs"],
    "hashed_xi_api_key": "c4a7e1f05b" * 6 + "c4a7",
    "redacted_value": f"sk-...{_BY_NAME['openai']}",
    "partial_key_hint": _BY_NAME["anthropic"],
    "api_key_secret": _BY_NAME["raw key"],
    "webhook_url": _BY_NAME["slack-hook"],
    "request_headers": {"Authorization": _BY_NAME["bearer"], "x-api-key": _BY_NAME["elevenlabs"]},
    # Of people.
    "email": ADDRESS.text,
    "creator_email": ADDRESS.text,
    "creator_name": NAMED.text,
    "user_name": NAMED.text,
    "first_name": NAMED.text,
    "last_name": NAMED.text,
    # Of what was said.
    "prompt": f"{NAMED.text} {EVERYTHING}",
    "first_message": NAMED.text,
    "transcript_summary": NAMED.text,
    "text": NAMED.text,
    "filename": f"{NAMED.text}.pdf",
    "instructions": NAMED.text,
}
"""Members that every object of every vendor gets."""
_PERSON = re.compile("user|member|actor|owner|created_by|session|access_info")
_OF_PERSON = re.compile("name|.*email.*|first_name|last_name")
_TYPED = re.compile(
    "name|display_name|comment|creator|description|tags?|title|.*hint|hint|redacted_value|message|err_msg"
)
ESTATE = f"""\
keyaudit: 1
organization: {CONTROL}
sources:
  vendors:
{{vendors}}
  endpoints:
    - {{{{name: hospital, url: "{{fhir}}", kind: fhir, ca_bundle: "{{ca}}", jwks: ["{{jwks}}"]}}}}
selftest: {{{{}}}}
"""
REFUSED = ("openai:ListProjectApiKeys", "anthropic:ListFiles", "elevenlabs:GetAgent", "deepgram:GetProject")
"""Asked for once in vain, so that the words of each vendor's errors are planted too."""


class OfVendors(Planter):
    """Plants in every object: what vendors' models have beside what is simulated, and what somebody typed."""

    def _object(self, operation: str, path: str, value: dict[str, Any]) -> dict[str, Any]:
        self._count(operation, "object")
        if path.endswith("/tags"):
            return {**value, "note": self.everything, self._of(operation, path): self._of(operation, path)}
        person = _PERSON.search(path.rpartition("/")[2]) is not None
        made = {name: self._member(operation, f"{path}/{name}", name, item) for name, item in value.items()}
        if person:
            told = {name: NAMED.text for name in made if _OF_PERSON.fullmatch(name)}
            return {**made, "name": NAMED.text, **told, "email": ADDRESS.text, "email_addr": ADDRESS.text}
        return {**EXTRA, **made, "user": {"id": "user_1", "name": NAMED.text, "email": ADDRESS.text}}

    def _text(self, operation: str, path: str, name: str, value: str) -> str:
        if not _TYPED.fullmatch(name):
            return value
        self._count(operation, "text")
        if name == "name" and self.huge:
            huge, self.huge = self.huge, ""
            self._count(operation, "huge")
            return value + huge
        return f"{value} {self._of(operation, path)} {self.everything if self.served[operation] < 2 else ''}"

    def _every(self, operation: str, path: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
        """Return a copy of an entry: identifiers and words of the vendor have texts in them, too."""
        if isinstance(value, dict) and not path.endswith("/tags") and not _PERSON.search(path.rpartition("/")[2]):
            return {**EXTRA, **super()._every(operation, path, value)}
        return super()._every(operation, path, value)


@contextmanager
def planting(planter: Planter) -> Iterator[None]:
    """Plant into the answers of the vendors and of the EHR until the block ends."""
    write = vendor_server._write

    def of_vendor(handler: Any, status: int, body: Any, more: Mapping[str, str] | None = None) -> None:  # noqa: ANN401 - as there
        vendor, _, rest = handler.path.partition("?")[0].removeprefix("/").partition("/")
        found = vendor_server._find(vendor, f"/{rest}")
        made = planter.spoil(found[0].operation if found else "", "", json.dumps(body).encode())
        headers = {**(more or {}), "request-id": planter.header, "server-note": planter.header}
        write(handler, status, made, headers)

    def of_ehr(*given: Any) -> Any:  # noqa: ANN401 - as there
        operation, body = document(*given)
        return operation, body and json.loads(planter.spoil(operation, "", json.dumps(body).encode()))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vendor_server, "_send", of_vendor)
        patch.setattr("scanner.demo.ehr.simulator.document", of_ehr)
        yield


@dataclass(frozen=True, slots=True)
class Left:
    """What the run left, and what was planted."""

    folder: Path
    served: Counter[str]
    secrets: tuple[str, ...]
    contents: list[tuple[str, bytes]]

    def read(self, name: str) -> str:
        return (self.folder / name).read_bytes().decode("utf-8")

    def records(self) -> Iterator[dict[str, Any]]:
        for path in sorted((self.folder / "out" / "evidence").iterdir()):
            yield from map(json.loads, path.read_bytes().split(b"\n")[:-1])


def few(world: Vendors) -> Vendors:
    """Return the vendors of the demo with a request or two of each kind."""
    deepgram = world.deepgram
    assert deepgram is not None
    projects = [one.model_copy(update={"requests": one.requests[:2]}) for one in deepgram.projects]
    return world.model_copy(update={"deepgram": deepgram.model_copy(update={"projects": projects})})


def estate(vendors: VendorSimulator) -> str:
    """Return the estate file over the simulators."""
    ehr = running()
    lines = [
        f"    - {{name: {one}, vendor: {one}, admin_key: {{env: {one.upper()}_ADMIN}}, project_key: "
        f'{{env: {one.upper()}_PROJECT}}, endpoint_url: "{vendors.endpoint(one)}"}}'
        for one in VENDORS
    ]
    found = {"fhir": ehr.fhir("good"), "ca": ehr.ca_bundle, "jwks": ehr.jwks("good", "voice")}
    return ESTATE.format(vendors="\n".join(lines), **found)


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    """A scan of four vendors and an EHR with every text format and a package of it."""
    planter = OfVendors(TEXTS, EVERYTHING, SECRETS[6].text, HUGE)
    keys: dict[str, str] = {}
    for one in VENDORS:
        admin, project = keys_of(reference(), one)
        keys |= {f"{one.upper()}_ADMIN": admin, f"{one.upper()}_PROJECT": project or admin}
    with simulated(few(reference())) as vendors, planting(planter), environment(keys):
        for operation in REFUSED:
            vendors.faults.add(Fault("deny", operation=operation, times=1))
        folder = short_run(estate(vendors), tmp_path_factory.mktemp("vendors"), "vendors", "transmission")
    every = [one for path in sorted(folder.rglob("*")) if path.is_file() for one in contents(path)]
    return Left(folder, planter.served, tuple(keys.values()), every)


def test_nothing_secret_and_nobody_is_in_any_byte_of_any_output(left: Left) -> None:
    own = [Canary(f"own {i}", secret, (secret,)) for i, secret in enumerate(left.secrets)]
    search = Search([*SECRETS, *PERSONAL, *PEOPLE, *own])
    assert [f"{where}: {hit}" for where, data in left.contents for hit in search(data)] == []


def test_the_search_finds_what_may_be_seen(left: Left) -> None:
    search = Search([Canary("organization", CONTROL, (CONTROL,))])
    found = {where.partition("!")[0] for where, data in left.contents for _ in search(data)}
    assert len(found) >= 6


ASKED = [
    *("openai:RetrieveDataRetention", "openai:ListProjects", "openai:ListProjectApiKeys", "openai:ListExternalKeys"),
    *("openai:ListAdminApiKeys", "openai:ListCertificates", "openai:ListAuditLogs", "openai:ListFiles"),
    *("anthropic:RetrieveOrganization", "anthropic:ListWorkspaces", "anthropic:ListApiKeys", "anthropic:ListFiles"),
    *("elevenlabs:GetUser", "elevenlabs:ListAgents", "elevenlabs:GetAgent", "elevenlabs:ListServiceAccountApiKeys"),
    *("elevenlabs:ListHistory", "elevenlabs:ListConversations", "elevenlabs:ListAuditLogs", "deepgram:ListKeys"),
    *("deepgram:GetProject", "deepgram:ListRequests", "endpoints:SmartConfiguration", "endpoints:Jwks"),
    "endpoints:CapabilityStatement",
]


@pytest.mark.parametrize("operation", ASKED)
def test_the_canaries_were_really_answered(left: Left, operation: str) -> None:
    assert left.served[f"{operation} object"] > 0, sorted(left.served)


@pytest.mark.parametrize("operation", REFUSED)
def test_a_refusal_with_canaries_became_a_gap(left: Left, operation: str) -> None:
    gaps = [one for one in left.records() if one["operation"] == operation and one["kind"] == "gap"]
    assert gaps


def test_every_operation_of_the_vendors_was_answered(left: Left) -> None:
    seen = {
        one["operation"] for one in left.records() if one["kind"] == "observation" and one["source_name"] in VENDORS
    }
    assert len(seen) >= len([one for one in ASKED if one.partition(":")[0] in VENDORS])


TEXT_FILES = (
    *("said.txt", "export-summary.md", "export-findings.csv", "export-junit.xml", "export-results.sarif"),
    *("export-assessment-results.oscal.json", "export-cbom.cdx.json", "export-findings.ocsf.jsonl"),
    *("out/results.json", "out/report.html", "out/scan.json"),
)


def test_the_hostile_texts_reached_the_evidence(left: Left) -> None:
    kept = b"".join(data for where, data in left.contents if "/left/out/evidence/" in where).decode("utf-8")
    there = [name for name, text in HOSTILE.items() if json.dumps(clean_text(text), ensure_ascii=False)[1:-1] in kept]
    assert len(there) > len(HOSTILE) / 2


@pytest.mark.parametrize("name", TEXT_FILES)
def test_no_output_of_text_holds_what_a_terminal_or_a_reader_acts_on(left: Left, name: str) -> None:
    assert acting(name, left.read(name)) == []


def test_nothing_is_markup_or_a_formula(left: Left) -> None:
    assert formulas((left.folder / "export-findings.csv").read_bytes()) == []
    assert markup(left.read("export-summary.md")) == []
    assert foreign(left.read("out/report.html")) == []


def test_a_name_of_ten_megabytes_is_bounded_in_every_output(left: Left) -> None:
    assert [place for place in left.served if place.endswith(" huge")] != []
    cut = [one for one in left.records() if "[cut, 10" in json.dumps(one.get("response"))]
    assert cut
    assert all(len(json.dumps(one)) < 40 * MAX_TEXT for one in cut)
    shown = [(where, data) for where, data in left.contents if re.search("report[.]|export-|said", where)]
    assert len(shown) > 10
    assert [where for where, data in shown if b"W" * 3_000 in data] == []
