"""The run of the whole pipeline that the proofs share."""

from __future__ import annotations

import pytest

from scanner.demo.hsm import TokenKey
from tests.proof.canaries import CONTROL, EVERYTHING, NAMED, PERSONAL, SECRETS
from tests.proof.payloads import HOSTILE, HUGE
from tests.proof.pipeline import Outcome, whole_run
from tests.proof.place import ACCOUNT, small_world
from tests.proof.planting import Planter
from tests.support import a_key

TEXTS = (*(canary.text for canary in (*SECRETS, *PERSONAL)), *HOSTILE.values())
LABELS = tuple(text for text in TEXTS if len(text) < 48 and text.isprintable())[:4]
"""Of tokens, of tenants: where there is little room."""


@pytest.fixture(scope="session")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A run over a world in which secrets and hostile texts stand wherever somebody can write."""
    world = small_world()
    seen = a_key(CONTROL, account=ACCOUNT, rotation=None)
    keys = [TokenKey(label=text, uses=["wrap"], age_days=9) for text in LABELS]
    tokens = [one.model_copy(update={"keys": [*one.keys, *keys]}) for one in world.tokens]
    audio = [one.model_copy(update={"tenants": [*one.tenants, *LABELS], "objects": 1}) for one in world.audio[:1]]
    planted = {"keys": [*world.keys, seen], "tokens": tokens, "audio": [*audio, *world.audio[1:]]}
    everything = " ".join((EVERYTHING, NAMED.text, *HOSTILE.values()))
    planter = Planter(TEXTS, everything, SECRETS[6].text, HUGE)
    return whole_run(world.model_copy(update=planted), tmp_path_factory.mktemp("proof"), planter)
