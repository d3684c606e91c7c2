"""The sections on the hierarchy, modules, stores and logs: what they show, and that they never imply an absence."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.report import Hierarchy, Inventory, LogGroups, LooseStores, Report
from scanner.render import html, pdf, view
from scanner.render.finding import place
from tests.render.inventories import a_full_report, a_module, a_store, a_trail, an_answer, an_inventory, listed
from tests.render.reading import Page, Pdf, on_screen, squeezed
from tests.render.reports import a_failure, a_report, a_source, arn, digest


def with_inventory(*tables: str, **inventory: Any) -> Report:  # noqa: ANN401 - any field of Inventory
    return a_report(sources=(a_source(populations=listed(*tables)),), inventory=Inventory(**inventory))


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (
            "hierarchy",
            "Nothing can be drawn: no edge between a data store, a key, a module and a certificate is known.",
        ),
        ("modules", "This scan read no listing of modules. That does not say that there are none."),
        ("stores", "This scan read no listing of data stores. That does not say that there are none."),
        ("retention", "This scan read no listing of audit logs. That does not say that there are none."),
    ],
)
def test_what_was_not_read_is_not_said_to_be_absent(section: str, said: str) -> None:
    page = on_screen(a_failure())
    assert said in page.section(section)
    assert "was listed" not in page.section(section)
    assert not [e for e in page.all("table") if e.parent and e.parent.attributes.get("id") == section]


@pytest.mark.parametrize(
    ("report", "section", "said"),
    [
        (with_inventory("modules"), "modules", "is complete. No module was listed."),
        (with_inventory("data_stores"), "stores", "is complete. No data store was listed."),
        (with_inventory("audit_trails"), "retention", "No audit log was listed."),
        (
            with_inventory(hierarchy=Hierarchy(keys=1, keys_unplaced=1)),
            "hierarchy",
            "1 key was read; in which module they are used is not known.",
        ),
        (
            with_inventory(hierarchy=Hierarchy(loose=(LooseStores("unencrypted", 1, 0, 0),))),
            "hierarchy",
            "Not drawn, because they hang on no key that is known: 1 data store not encrypted",
        ),
        (
            with_inventory(log_groups=(LogGroups(True, None, 1, 0, 0), LogGroups(True, 1, 1, 0, 0))),
            "retention",
            "a time that is not known 1 0 0 1 day 1 0 0",
        ),
        (with_inventory(stores=(a_store(),)), "stores", "This scan read no listing"),
    ],
)
def test_other_inventories(report: Report, section: str, said: str) -> None:
    assert said in on_screen(report).section(section)


def test_the_hierarchy_is_drawn_counted_and_told_as_a_table() -> None:
    text = on_screen(a_full_report()).section("hierarchy")
    assert "Edges: 1 proven by a cryptographic call, 9999 observed, 1 declared in the estate file, 1 not known." in text
    assert "Of 7 of 10000 keys it is not known in which module they are used" in text
    assert "Certificate: AWS KMS HSM aws-kms 4884 0 none: a root no. 4884, FIPS 140-3, level 3" in text
    assert f"Key: alias/tenant-1 {arn('child')} 3 proven by a cryptographic call customer-managed, active" in text
    assert "12 object stores 3 observed 3 with ePHI" in text
    assert "and 9988 more keys, not drawn 2 observed nothing more" in text
    assert "and 4 more data stores, not drawn 3 on different things nothing more" in text
    assert "2 data stores not encrypted (1 with ePHI)" in text


def test_modules_stand_with_their_certificates() -> None:
    text = on_screen(a_full_report()).section("modules")
    assert "aws-kms, key service, hardware aws:111122223333:us-0:kms, " in text
    assert "and 14 more 12 no. 4884, AWS Key Management Service HSM FIPS 140-3, overall level 3 FIPS mode" in text
    assert "read as active; sunset 2028-01-01; read on 2026-03-29" in text
    assert "Read it again. Source: CMVP lists" in text
    assert "no certificate; read on" in text
    assert "and 2 more kinds in facts/modules.parquet" in text


def test_a_module_of_which_little_is_known() -> None:
    unknown = dict.fromkeys(("certificate", "standard", "level", "certificate_name", "reading_source"))
    module = a_module(**unknown, version="1.2", state="ACTIVE", approved_mode=False)
    text = on_screen(with_inventory("modules", modules=(module,), modules_omitted=1)).section("modules")
    assert "version 1.2 ACTIVE 12 number not known standard not known, level not known not in its FIPS mode" in text
    assert "and 1 more kind in" in text
    assert "Source:" not in text


def test_stores_stand_with_their_keys_and_the_rest_is_counted() -> None:
    text = on_screen(a_full_report()).section("stores")
    assert "object store 14 3 2 9 3 1 1" in text
    assert (
        f"Object store voice-audio arn:aws:s3:::voice-audio yes customer-managed, active alias/one {arn('one')}" in text
    )
    assert "not known not encrypted kept without limit; not write-once" in text
    assert "and 12 more in facts/data_stores.parquet" in text


def test_sensitivity_is_told_and_retention_only_where_it_means_something() -> None:
    stores = (a_store(sensitivity=("substance_use",)), a_store("", kind="secret", key_name=None))
    inventory = an_inventory(stores=stores, stores_omitted=0)
    text = on_screen(a_full_report(inventory=inventory)).section("stores")
    assert "yes substance use customer-managed" in text
    assert text.count("kept without limit") == 1
    assert "more in facts" not in text


def test_print_has_fewer_stores_than_the_screen_and_says_so() -> None:
    stores = tuple(a_store(f"s{i:03}") for i in range(view.PRINT.stores + 5))
    report = a_full_report(inventory=an_inventory(stores=stores, stores_omitted=100))
    printed = Page(html.page(report, view.PRINT, printed=True).replace("\u200b", ""))
    assert "and 105 more in facts/data_stores.parquet" in printed.section("stores")
    assert "and 100 more in facts/data_stores.parquet" in on_screen(report).section("stores")


def test_logs_stand_with_their_retention() -> None:
    text = on_screen(a_full_report()).section("retention")
    assert "logging validated every region trail-logs removed after 2555 days; write-once for 2190 days" in text
    assert "arn:second logging: not known validated every region none none" in text
    assert "and 1 more in facts/audit_trails.parquet" in text
    assert "not known 1 0 1 without limit 4 1 0 30 days 2 0 2" in text
    assert "and 1 more periods" in text


def test_a_log_whose_places_are_not_known_or_were_not_read() -> None:
    trails = (
        a_trail(trail_id="a", bucket=None, log_group_id=None),
        a_trail(trail_id="b", bucket_retention=None, log_group_id="arn:group"),
    )
    text = on_screen(with_inventory("audit_trails", trails=trails)).section("retention")
    assert "every region not known not known" in text
    assert "trail-logs not read arn:group not read" in text


# Raw answers.


def test_evidence_in_the_page_is_a_link_and_other_evidence_is_not() -> None:
    page = on_screen(a_full_report())
    (link,) = [e for e in page.all("a") if e.attributes["href"].startswith("#o-")]
    assert link.attributes["href"] == f"#{place(digest(arn('one')))}"
    assert link.text == f"kms:GetKeyRotationStatus {digest(arn('one'))[7:19]}"
    assert digest(arn("two")) in page.section("KM-ROT-04")
    assert "1 answer, as recorded after secrets were removed" in page.section("raw")
    assert '"KeyRotationEnabled": false' in page.section("raw")
    assert f"kms:GetKeyRotationStatus of {arn('one')}, aws:111122223333:us-east-1, status 200, 2026-06-15" in (
        page.section("raw")
    )


def test_an_answer_about_a_whole_scope_names_no_subject() -> None:
    answer = an_answer("x", subject=None)
    text = on_screen(a_full_report(observations=(answer, an_answer("y")))).section("raw")
    assert "2 answers, as recorded" in text
    assert "kms:GetKeyRotationStatus, aws:111122223333:us-east-1, status 200" in text


def test_without_raw_answers_the_page_says_where_they_are() -> None:
    assert "None is in this page: every recorded answer is a line of a file in evidence/" in (
        on_screen(a_failure()).section("raw")
    )


# In print.


def test_the_pdf_draws_the_hierarchy_and_has_no_raw_answers() -> None:
    text = squeezed("".join(Pdf(pdf.render(a_full_report()).data).pages))
    for words in ("alias/tenant-1", "and9988morekeys,notdrawn", "12objectstores", "AWSKeyManagementServiceHSM"):
        assert words in text
    assert "KeyRotationEnabled" not in text
