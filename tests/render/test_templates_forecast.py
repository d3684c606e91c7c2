"""The section on what comes due: on screen and in print, with what is not known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanner.model.control import Basis
from scanner.model.forecast import Forecast
from scanner.model.report import Report
from scanner.render import html, view
from scanner.render.due import PRINTED
from tests.history.forecasts import a_due, a_forecast
from tests.render.hostile import PAYLOADS
from tests.render.reading import Page, on_screen
from tests.render.reports import a_failure
from tests.render.test_due import FULL


def with_forecast(forecast: Forecast) -> Report:
    return replace(a_failure(), forecast=forecast)


def spaced(text: str) -> str:
    return " ".join(text.split())


def test_a_report_without_a_forecast_has_no_such_section() -> None:
    page = on_screen(a_failure())
    assert not [e for e in page.elements if e.attributes.get("id") == "forecast"]
    assert "Coming due" not in [e.text for e in page.all("a")]


def test_deadlines_are_told_with_what_they_rest_on_and_what_is_not_known() -> None:
    page = on_screen(with_forecast(FULL))
    text = spaced(page.section("forecast"))
    assert "Coming due" in [e.text for e in page.all("a")]
    assert "2026-11-18 overdue" in text
    assert "Rotate it." in text
    assert "the organization's policy, set in the estate file" in text
    assert "kek_max_days" in text
    assert "The deadline is not known, because a fact or a limit is missing: rotation 2, FIPS 140 sunset 1." in text
    assert "7 later deadlines are not listed." in text
    assert len([e for e in page.all("svg") if e.attributes.get("aria-label", "").startswith("What comes due")]) == 1


def test_nothing_due_is_said_and_not_drawn() -> None:
    page = on_screen(with_forecast(a_forecast()))
    assert "Nothing that is known comes due in this time." in page.section("forecast")
    assert not [e for e in page.all("svg") if e.attributes.get("aria-label", "").startswith("What comes due")]


def test_print_has_fewer_rows_and_counts_the_rest() -> None:
    many = with_forecast(a_forecast(*(a_due(day, subject=f"key-{day:03}", label="") for day in range(PRINTED + 2))))
    text = Page(html.page(many, view.PRINT, printed=True).replace("\u200b", "")).section("forecast")
    assert f"key-{PRINTED - 1:03}" in text
    assert f"key-{PRINTED:03}" not in text
    assert "and 2 later deadlines within the 90 days: keyaudit forecast lists them" in spaced(text)
    assert f"key-{PRINTED + 1:03}" in on_screen(many).section("forecast")


@pytest.mark.parametrize("text", PAYLOADS.values(), ids=PAYLOADS)
def test_a_hostile_name_changes_nothing_of_the_page(text: str) -> None:
    def page(name: str) -> Page:
        return on_screen(with_forecast(a_forecast(a_due(3, label=name, subject=name, basis=Basis.LAW))))

    assert page(text).shape() == page("plain").shape()
