"""The table of certificates: what is read, what is refused where, and how two tables become one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from scanner.errors import ConfigError
from scanner.evaluate.certificates import FILE, Certificate, certificate_rows, load_certificates, newest
from scanner.model.modules import CertificateFact
from scanner.model.tables import CoverageFact
from tests import golden

CATALOGUE = Path(__file__).parents[2] / "controls"
TABLE = next(path for path in (CATALOGUE / FILE, CATALOGUE / f"{FILE}.new") if path.exists())

GOOD = """\
readings:
  cmvp: {date: 2026-03-29, source: the lists}
certificates:
  - products: [one, another]
    certificate: 4703
    reading: cmvp
    module: A Module
    versions: firmware 1.0
    embodiment: hardware
    standard: FIPS 140-3
    level: 3
    status: active
    interim: false
    validated: 2024-06-06
    sunset: 2029-06-05
    note: a note
  - products: [soft]
    certificate: 0
    reading: cmvp
    status: none
  - products: [vault]
    certificate: null
    reading: cmvp
    level: 2
"""


def put(folder: Path, text: str) -> Path:
    path = folder / FILE
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_that_a_table_says_is_read(tmp_path: Path) -> None:
    first, second, third = load_certificates(put(tmp_path, GOOD))
    assert first == Certificate(
        products=("another", "one"),
        number=4703,
        module="A Module",
        versions="firmware 1.0",
        embodiment="hardware",
        standard="FIPS 140-3",
        level=3,
        status="active",
        interim=False,
        validated=date(2024, 6, 6),
        sunset=date(2029, 6, 5),
        read=date(2026, 3, 29),
        source="the lists",
        note="a note",
    )
    assert (second.products, second.number, second.status, second.level) == (("soft",), 0, "none", None)
    assert (third.number, third.level, third.status, third.sunset, third.interim) == (None, 2, None, None, None)


FAULTY: list[tuple[str, str, str]] = [
    ("empty file", GOOD, ""),
    ("no certificates", GOOD[GOOD.index("certificates:") :], "certificates: []\n"),
    ("unknown key", "    level: 3\n", "    lvl: 3\n"),
    ("no such reading", "    reading: cmvp\n    module", "    reading: nist\n    module"),
    ("no number", "    certificate: 4703\n", ""),
    ("number of a wrong type", "certificate: 4703", "certificate: '4703'"),
    ("negative number", "certificate: 4703", "certificate: -1"),
    ("zero for a number", "certificate: 4703", "certificate: 0"),
    ("none with a number", "certificate: 0", "certificate: 12"),
    ("a number for none", "status: active", "status: none"),
    ("none with a level", "    status: none\n", "    status: none\n    level: 1\n"),
    ("a level too high", "level: 3", "level: 5"),
    ("a standard that is none", "FIPS 140-3", "FIPS 140-4"),
    ("a status that is none", "status: active", "status: good"),
    ("no products", "products: [soft]", "products: []"),
    ("a product in capitals", "products: [soft]", "products: [Soft]"),
    ("a product twice", "products: [one, another]", "products: [one, one]"),
    ("not a date", "sunset: 2029-06-05", "sunset: soon"),
    ("a week", "sunset: 2029-06-05", "sunset: 2029-W05-1"),
    ("no such day", "sunset: 2029-06-05", "sunset: 2029-02-30"),
    ("a number for a date", "sunset: 2029-06-05", "sunset: 2029"),
    ("a sunset before the validation", "sunset: 2029-06-05", "sunset: 2020-06-05"),
    ("a certificate twice", "certificate: null", "certificate: 4703"),
    ("a product without twice", "products: [vault]", "products: [soft]"),
    ("a reading without a day", "{date: 2026-03-29, source: the lists}", "{source: the lists}"),
]


@pytest.mark.parametrize(("name", "before", "after"), FAULTY, ids=[name for name, _, _ in FAULTY])
def test_every_refusal_names_file_and_line(tmp_path: Path, name: str, before: str, after: str) -> None:
    assert before in GOOD
    path = put(tmp_path, GOOD.replace(before, after))
    with pytest.raises(ConfigError) as caught:
        load_certificates(path)
    assert caught.value.place is not None
    assert str(caught.value).startswith(f"{path}:") or not after


def test_a_faulty_table_is_refused_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = []
    for name, before, after in FAULTY:
        with pytest.raises(ConfigError) as caught:
            load_certificates(put(Path(), GOOD.replace(before, after)))
        said.append(f"== {name}\nerror: {caught.value}\nhint: {caught.value.hint}\n")
    golden.check("certificate_errors.txt", "\n".join(said))


def a_certificate(number: int | None = 1, **given: Any) -> Certificate:  # noqa: ANN401 - any field of Certificate
    fields: dict[str, Any] = {
        "products": ("one",),
        "number": number,
        "module": "m",
        "versions": None,
        "embodiment": None,
        "standard": "FIPS 140-3",
        "level": 3,
        "status": "active",
        "interim": False,
        "validated": None,
        "sunset": date(2029, 6, 5),
        "read": date(2026, 3, 29),
        "source": "s",
        "note": "",
    }
    return Certificate(**{**fields, **given})


NEW = date(2026, 11, 1)
OURS = a_certificate()
NONE = a_certificate(0, products=("soft",), status="none", level=None, sunset=None)


def test_the_newer_reading_of_a_certificate_counts() -> None:
    theirs = a_certificate(status="historical", read=NEW)
    assert newest([OURS], [theirs]) == (theirs,)
    assert newest([theirs], [OURS]) == (theirs,)


def test_of_one_day_the_later_table_counts() -> None:
    theirs = a_certificate(status="revoked")
    assert newest([OURS], [theirs]) == (theirs,)


def test_a_newer_reading_counts_for_every_product_of_the_certificate() -> None:
    theirs = a_certificate(products=("my-hsm",), status="historical", read=NEW)
    assert newest([OURS], [theirs]) == (replace(theirs, products=("my-hsm", "one")),)


def test_unknown_products_and_certificates_are_taken() -> None:
    theirs = a_certificate(9999, products=("my-hsm",))
    assert newest([OURS], [theirs]) == (OURS, theirs)


def test_a_product_without_a_number_has_one_row() -> None:
    newer = replace(NONE, status="in_process", read=NEW)
    assert newest([NONE], [newer]) == newest([newer], [NONE]) == (newer,)
    several = replace(NONE, products=("a", "soft"), read=NEW)
    assert newest([NONE], [several]) == (replace(several, products=("a",)), replace(several, products=("soft",)))


def test_a_product_may_get_a_certificate_later() -> None:
    theirs = a_certificate(5200, products=("soft",), read=NEW)
    assert newest([NONE], [theirs]) == (theirs, NONE)


def test_rows() -> None:
    first = a_certificate(4703, products=("a", "b"), versions="v", embodiment="hardware", validated=date(2024, 6, 6))
    *found, listed = certificate_rows([first, NONE, a_certificate(None, products=("c",), interim=None)])
    rows = [row for row in found if isinstance(row, CertificateFact)]
    assert [row.certificate_id for row in rows] == ["a 4703", "b 4703", "soft none", "c unnumbered"]
    row = rows[0]
    assert (row.product, row.number, row.name, row.versions, row.embodiment) == ("a", 4703, "m", "v", "hardware")
    assert (row.standard, row.level, row.status, row.interim) == ("FIPS 140-3", 3, "active", False)
    assert row.validated_at == datetime(2024, 6, 6)  # noqa: DTZ001 - as tables keep it
    assert row.sunset_at == datetime(2029, 6, 5, 23, 59, 59)  # noqa: DTZ001 - its last second
    assert (row.reading_at, row.reading_source) == (datetime(2026, 3, 29), "s")  # noqa: DTZ001 - as above
    assert isinstance(listed, CoverageFact)
    assert (listed.listed_table, listed.complete, listed.row_count) == ("certificates", True, 4)
    assert {one.source for one in [*rows, listed]} == {"catalogue"}


def test_the_rows_of_what_has_none_and_of_what_is_not_known() -> None:
    none, unknown, _ = certificate_rows([NONE, a_certificate(None, status=None, sunset=None, interim=None)])
    assert isinstance(none, CertificateFact)
    assert (none.number, none.standard, none.level, none.interim, none.sunset_at) == (0, "none", 0, False, None)
    assert isinstance(unknown, CertificateFact)
    assert (unknown.number, unknown.status, unknown.interim, unknown.sunset_at) == (None, None, None, None)


def test_a_product_in_process_has_none_yet() -> None:
    row, _ = certificate_rows([replace(NONE, status="in_process")])
    assert isinstance(row, CertificateFact)
    assert (row.certificate_id, row.number, row.level, row.status) == ("soft none", 0, 0, "in_process")


# As /work/shared's facts have them: product, certificate, standard, level, sunset.
FACTS = [
    ("aws-kms", 4884, "FIPS 140-3", 3, date(2026, 11, 17)),
    ("aws-kms", 4523, "FIPS 140-2", 3, date(2026, 9, 21)),
    ("aws-kms", 4177, "FIPS 140-2", 2, date(2026, 9, 21)),
    ("aws-cloudhsm-hsm1", 4218, "FIPS 140-2", 3, None),
    ("aws-cloudhsm-hsm2m", 4703, "FIPS 140-3", 3, date(2029, 6, 5)),
    ("al2023-openssl-fips", 5021, "FIPS 140-3", 1, date(2030, 5, 25)),
    ("google-cloud-hsm", 4399, "FIPS 140-2", 3, None),
    ("openssl-fips", 4985, "FIPS 140-3", 1, date(2030, 3, 10)),
    ("luna-k7", 4684, "FIPS 140-3", 3, date(2029, 4, 1)),
    ("luna-g7", 4962, "FIPS 140-3", 3, date(2027, 2, 6)),
    ("yubihsm-2", 3916, "FIPS 140-2", 3, date(2026, 5, 2)),
    ("marvell-cnn35xx", 4700, "FIPS 140-3", 3, date(2029, 5, 29)),
    ("softhsm", 0, None, None, None),
    ("hashicorp-vault", 0, None, None, None),
    ("azure-managed-hsm", None, "FIPS 140-3", 3, None),
    ("azure-key-vault-platform-2", None, "FIPS 140-3", 3, None),
]


@pytest.mark.parametrize("fact", FACTS, ids=[f"{fact[0]} {fact[1]}" for fact in FACTS])
def test_the_table_of_the_catalogue(fact: tuple[str, int | None, str | None, int | None, date | None]) -> None:
    product, number, *rest = fact
    (found,) = [c for c in load_certificates(TABLE) if product in c.products and c.number == number]
    assert [found.standard, found.level, found.sunset] == rest


def test_the_table_of_the_catalogue_holds_together() -> None:
    table = load_certificates(TABLE)
    assert newest(table) == tuple(sorted(newest(table), key=lambda c: (not c.number, c.number or 0, c.products)))
    assert {c.number for c in table if c.interim} == {4884, 4759, 4953, 4765, 4962}
    assert {c.number for c in table if c.status == "historical"} == {4218, 4399}
    # The transition: no certificate of the old standard outlives its sunset.
    assert max(c.sunset for c in table if c.standard == "FIPS 140-2" and c.sunset) == date(2026, 9, 21)
    assert all(c.source and c.read >= date(2026, 3, 29) for c in table)
    ids = [row.certificate_id for row in certificate_rows(newest(table)) if isinstance(row, CertificateFact)]
    assert len(set(ids)) == len(ids)
