"""What a later run takes from an earlier one: answers as they were, and never a doubtful one."""

from __future__ import annotations

import pytest

from scanner.collect.interface import Paging
from scanner.collect.stored import Stored, next_token
from scanner.errors import EvidenceError
from scanner.evidence.records import encode, from_json
from scanner.model.ids import Json
from scanner.model.observation import Observation, Record
from tests.collect.fakes import LIST, ONE, Bench, denied, in_turn
from tests.evidence.samples import gap_body, observation_body

PAGING = Paging(answer="Next", parameter="PageToken")


def record(body: dict[str, Json]) -> Record:
    return from_json(body, encode(body)[1])


def seen(**given: Json) -> Record:
    return record(observation_body(**{"operation": "o", "params": {}, "subject": None, **given}))


def missed(**given: Json) -> Record:
    return record(gap_body(**{"operation": "o", "params": {}, "subject": None, "attempts": 0, **given}))


def test_the_first_run_has_nothing() -> None:
    stored = Stored([], ())
    assert stored.run == 1
    assert stored.answer("o", {}) is None
    assert stored.pages("o", {}, None, PAGING) == []


def test_runs_count_up() -> None:
    assert Stored([seen(run=1), missed(run=3), seen(run=2)], ()).run == 4


def test_an_answer_is_found_by_operation_and_parameters() -> None:
    stored = Stored([seen(params={"a": 1}, response={"n": 1}), seen(params={"a": 2}, response={"n": 2})], ())
    found = stored.answer("o", {"a": 2})
    assert found is not None
    assert found.response == {"n": 2}
    assert stored.answer("o", {"a": 3}) is None
    assert stored.answer("p", {"a": 2}) is None


def test_the_later_answer_counts() -> None:
    found = Stored([seen(run=1, response=1), seen(run=2, response=2)], ()).answer("o", {})
    assert found is not None
    assert found.response == 2


def test_what_is_never_kept_is_asked_again() -> None:
    stored = Stored([seen()], ("o",))
    assert stored.answer("o", {}) is None
    assert stored.pages("o", {}, None, PAGING) == []


def test_a_question_with_redacted_parameters_is_not_taken_for_another() -> None:
    records = [seen(params={"id": "[redacted]"}, redacted=["/params/id"])]
    assert Stored(records, ()).answer("o", {"id": "[redacted]"}) is None
    assert Stored(records, ()).pages("o", {"id": "[redacted]"}, None, PAGING) == []
    assert Stored([seen(params={"id": "x"}, redacted=["/response/y"])], ()).answer("o", {"id": "x"}) is not None


def test_pages_are_taken_up_to_the_first_hole() -> None:
    pages = [seen(page=0), seen(page=1, params={"PageToken": "t"}), seen(page=3, params={"PageToken": "v"})]
    assert [p.page for p in Stored(pages, ()).pages("o", {}, None, PAGING)] == [0, 1]
    assert Stored(pages[1:], ()).pages("o", {}, None, PAGING) == []


def test_a_page_with_a_redacted_token_is_a_page_all_the_same() -> None:
    pages = [seen(page=0), seen(page=1, params={"PageToken": "[redacted]"}, redacted=["/params/PageToken"])]
    assert len(Stored(pages, ()).pages("o", {}, None, PAGING)) == 2


def test_a_gap_about_everything_makes_its_answers_doubtful_until_they_are_asked_again() -> None:
    records = [seen(run=1), missed(run=1)]
    assert Stored(records, ()).answer("o", {}) is None
    assert Stored([*records, seen(run=2)], ()).answer("o", {}) is not None


def test_a_gap_of_a_single_question_or_subject_says_nothing_of_the_others() -> None:
    for gap in (missed(params={"a": 1}), missed(attempts=1), missed(subject="s"), missed(operation="p")):
        assert Stored([seen(), gap], ()).answer("o", {}) is not None


def test_the_token_of_a_page() -> None:
    def token(**given: Json) -> str:
        page = seen(**given)
        assert isinstance(page, Observation)
        return next_token(page, PAGING)

    assert token(response={"Next": "t"}) == "t"
    assert token(response={"Next": "[redacted]"}, redacted=["/response/Next"]) == ""
    assert token(response={"Next": 7}) == token(response={}) == token(response=[]) == ""


# Through Ask: what a resumed unit does with it.
def test_answers_are_not_asked_again_and_gaps_are(bench: Bench) -> None:
    first = bench.work(in_turn({"n": 1}, denied()))
    assert first.ask.call(ONE, {"id": "a"}) is not None
    assert first.ask.call(ONE, {"id": "b"}) is None
    again = bench.work(in_turn({"n": 2}))
    one, two = again.ask.call(ONE, {"id": "a"}), again.ask.call(ONE, {"id": "b"})
    assert one is not None
    assert two is not None
    assert (one.body, two.body) == ({"n": 1}, {"n": 2})
    assert again.transport.asked == [(ONE, {"id": "b"})]
    assert [r.run for r in again.records] == [1, 1, 2]
    assert again.counts.reused == 1


def test_a_known_error_is_not_asked_again(bench: Bench) -> None:
    refusal = denied()
    bench.work(in_turn(refusal)).ask.call(ONE, {}, known=("AccessDenied",))
    again = bench.work(in_turn()).ask.call(ONE, {}, known=("AccessDenied",))
    assert again is not None
    assert again.error_code == "AccessDenied"


def test_what_was_redacted_stays_so_in_a_later_run(bench: Bench) -> None:
    bench.work(in_turn({"Password": "hunter2"})).ask.call(ONE, {})
    again = bench.work(in_turn()).ask.call(ONE, {})
    assert again is not None
    assert again.body == {"Password": "[redacted]"}


def test_a_stored_answer_that_is_no_object_reads_as_empty(bench: Bench) -> None:
    body = observation_body(operation=ONE, params={}, response=[1])
    (bench.folder / "unit.jsonl").write_bytes(encode(body)[0] + b"\n")
    answer = bench.work(in_turn()).ask.call(ONE, {})
    assert answer is not None
    assert answer.body == {}


def test_an_operation_that_is_never_kept_is_asked_in_every_run(bench: Bench) -> None:
    for _ in range(3):
        work = bench.work(in_turn({}), uncached=(ONE,))
        work.ask.call(ONE, {})
    assert [r.run for r in work.records] == [1, 2, 3]


def test_damage_is_told_before_anything_is_asked(bench: Bench) -> None:
    (bench.folder / "unit.jsonl").write_bytes(b"{}\n")
    with pytest.raises(EvidenceError, match=r"unit\.jsonl:1"):
        bench.work()


def test_a_failure_that_wrote_gaps_is_gone_when_a_later_run_is_whole(bench: Bench) -> None:
    first = bench.work()
    first.ask.call(ONE, {})
    first.ask.abandon(None, denied())
    again = bench.work()
    assert again.ask.call(ONE, {}) is not None
    assert max(record.run for record in again.records) == 2  # so the gaps of run 1 count no more
    assert [gap.operation for gap in again.gaps] == [LIST, ONE]
