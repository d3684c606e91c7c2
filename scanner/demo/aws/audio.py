"""Audio objects of the simulated S3: messages of the AWS Encryption SDK that are really encrypted."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable, Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from scanner.envelope.stream import Wrapping, seal_stream

Wrap = Callable[[str, bytes, Mapping[str, str]], tuple[str, bytes]]
"""(alias of a key, plaintext, encryption context) to (ARN, wrapped)."""
_HEAD = (
    b"RIFF\x24\x40\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"
    b"\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\x00\x40\x00\x00"
)
"""Of a file with 8 kHz, 16 bit, mono."""
_SILENCE = bytes(16_384)


class Audio(BaseModel):
    """Objects of one bucket."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    bucket: str
    account: str
    key: str
    """Alias of the key that wraps each object's data key."""
    tenants: list[str]
    objects: Annotated[int, Field(ge=0, le=500)]
    """For each tenant."""
    plain: Annotated[int, Field(ge=0)] = 0
    """Objects of the first tenant that a bug stored as they were."""
    defect: str = ""


def seed(audio: Audio, wrap: Wrap) -> None:
    """Put the objects into moto's bucket."""
    from moto.s3.models import s3_backends

    backend = s3_backends[audio.account]["aws"]
    for tenant in audio.tenants:
        for number in range(audio.objects):
            plain = tenant == audio.tenants[0] and number < audio.plain
            body = _HEAD + _SILENCE if plain else _sealed(audio.key, tenant, number, wrap)
            backend.put_object(audio.bucket, f"{tenant}/call-{number:04}.wav", body)


def _sealed(key: str, tenant: str, number: int, wrap: Wrap) -> bytes:
    context = {"tenant": tenant, "purpose": "audio", "record": f"call-{number:04}"}
    data_key = secrets.token_bytes(32)
    arn, wrapped = wrap(key, data_key, context)
    target = io.BytesIO()
    seal_stream(io.BytesIO(_HEAD + _SILENCE), target, data_key, [Wrapping("aws-kms", arn.encode(), wrapped)], context)
    return target.getvalue()
