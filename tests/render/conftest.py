"""Documents that several tests read."""

from __future__ import annotations

import pytest

from scanner.evaluate.load import load_catalogue
from scanner.render import pdf
from scanner.resources import controls_dir
from tests.render.hostile import PAYLOADS, hostile_report
from tests.render.reading import Pdf
from tests.render.reports import (
    LARGE,
    a_failure,
    a_finding,
    a_gap,
    a_report,
    a_result,
    a_source,
    an_age,
    arn,
)


@pytest.fixture(scope="session")
def small() -> Pdf:
    return Pdf(pdf.render(a_failure()).data)


@pytest.fixture(scope="session")
def large() -> Pdf:
    """Forty controls of the shipped catalogue with three failures each, many sources and gaps, forty keys."""
    catalogue = load_catalogue(controls_dir())
    results = [
        a_result(*(a_finding(arn(f"{c.id}-{i}"), control=c.id, label=f"alias/{i}") for i in range(3)), control=c)
        for c in catalogue.controls[:LARGE]
    ]
    report = a_report(
        *results,
        frameworks=catalogue.frameworks,
        gaps=[a_gap(operation=f"kms:Operation{i:03d}") for i in range(50)],
        sources=[a_source(f"aws:{i:012d}", name=f"example-source-{i:03d}", gaps=i % 3) for i in range(120)],
        key_ages=[an_age(f"alias/key-number-{i:02d}", 99_999 - i, 730) for i in range(40)],
    )
    return Pdf(pdf.render(report).data)


@pytest.fixture(scope="session")
def hostile() -> Pdf:
    return Pdf(pdf.render(hostile_report(*PAYLOADS.values())).data)
