"""What the answer key calls the things of a database, and that a world names what is there."""

from __future__ import annotations

import pytest

from scanner.demo.postgres.world import Database, DataKey, Tenant
from scanner.demo.world import load_world, problems
from tests.demo.postgres.test_seed import WORLD


def test_what_the_answer_key_calls_them() -> None:
    named = dict(WORLD.named())
    assert named["postgres/little_voice"] == "postgres:little-voice"
    assert named["postgres/little_voice/voice.call_notes"] == "postgres:little-voice:voice.call_notes"
    assert named["data_keys/a-2"] == f"postgres:little-voice:vault.data_keys/{WORLD.key_id(WORLD.tenants[0].keys[0])}"


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"kek": "nowhere"}, "there is no key nowhere"),
        ({"tenants": [Tenant(name="a", borrows="b", keys=[])]}, "there is no data key b"),
        ({"tenants": [Tenant(name="a", keys=[DataKey(name="k", kek="x", age_days=1)])]}, "there is no key x"),
        ({"tenants": [Tenant(name="a", keys=[DataKey(name="k", age_days=1)] * 2)]}, "k is given twice"),
    ],
)
def test_what_a_database_names_must_be_there(changed: dict[str, object], problem: str) -> None:
    world = load_world()
    (database,) = world.postgres
    wrong = world.model_copy(update={"postgres": [Database.model_validate({**dict(database), **changed})]})
    assert problem in {said for _, said in problems(wrong)}
    assert list(problems(world)) == []


def test_audio_must_be_in_a_bucket_that_is_there() -> None:
    world = load_world()
    audio = world.audio[0]
    wrong = world.model_copy(update={"audio": [audio.model_copy(update={"bucket": "nowhere"})]})
    assert [said for _, said in problems(wrong)] == ["444455556666 has no bucket nowhere"]
