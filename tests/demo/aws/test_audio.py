"""Audio objects of the simulated S3 open with their own data key, and one is as a bug left it."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from functools import partial

from scanner.demo.aws.audio import Audio, seed
from scanner.demo.aws.simulator import aws_simulator
from scanner.demo.aws.stores_world import Bucket, Stores
from scanner.envelope.message import Header
from scanner.envelope.stream import open_stream
from tests.support import ACCOUNT, a_key, a_world

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def returned(key: bytes, _: Header) -> bytes:
    return key


def objects() -> dict[str, bytes]:
    from moto.s3.models import s3_backends

    return {name: one.value for name, one in s3_backends[ACCOUNT]["aws"].buckets["voice-audio"].keys.items()}


def test_objects_are_messages_that_open_with_their_own_data_key() -> None:
    world = a_world(a_key("audio")).model_copy(
        update={"data": Stores(buckets=[Bucket(name="voice-audio", account=ACCOUNT, region="us-east-1", age_days=5)])}
    )
    audio = Audio(bucket="voice-audio", account=ACCOUNT, key="audio", tenants=["a", "b"], objects=2, plain=1)
    keys: dict[str, bytes] = {}

    with aws_simulator(world, NOW) as aws:

        def wrap(alias: str, plaintext: bytes, context: object) -> tuple[str, bytes]:
            assert isinstance(context, dict)
            arn, wrapped = aws.wrap(alias, plaintext, context)
            keys[f"{context['tenant']}/{context['record']}.wav"] = plaintext
            return arn, wrapped

        seed(audio, wrap)
        found = objects()

    assert set(found) == {"a/call-0000.wav", "a/call-0001.wav", "b/call-0000.wav", "b/call-0001.wav"}
    assert found["a/call-0000.wav"].startswith(b"RIFF")
    headers: list[Header] = []
    for name, plaintext in keys.items():
        target = io.BytesIO()
        headers.append(open_stream(io.BytesIO(found[name]), target, partial(returned, plaintext)))
        assert target.getvalue() == found["a/call-0000.wav"]
    assert len(headers) == 3
    assert {key.key for header in headers for key in header.keys} == {world.keys[0].arn}
