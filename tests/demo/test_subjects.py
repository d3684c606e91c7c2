"""Names of the answer key: each thing of the reference world has one, and it is what a scan calls the thing."""

from __future__ import annotations

import pytest

from scanner.demo.subjects import steady, subjects
from scanner.demo.world import load_world

PROD = "444455556666"
NAMES = [
    ("voice-rows", f"arn:aws:kms:us-east-1:{PROD}:key/mrk-"),
    ("clinic-xks", "cks-"),
    ("buckets/example-voice-transcripts", "arn:aws:s3:::example-voice-transcripts"),
    ("databases/legacy-scheduling", f"arn:aws:rds:us-east-1:{PROD}:db:legacy-scheduling"),
    ("clusters/healthcare-voice", f"arn:aws:rds:us-east-1:{PROD}:cluster:healthcare-voice"),
    ("snapshots/legacy-scheduling-final", f"arn:aws:rds:us-east-1:{PROD}:snapshot:legacy-scheduling-final"),
    (f"volumes/{PROD}/us-west-2", f"aws:{PROD}:us-west-2:ebs-default"),
    ("secrets/voice/database", f"arn:aws:secretsmanager:us-east-1:{PROD}:secret:voice/database-"),
    ("log_groups//ecs/transcriber", f"arn:aws:logs:us-east-1:{PROD}:log-group:/ecs/transcriber"),
    ("vaults/voice-vault-west", f"arn:aws:backup:us-west-2:{PROD}:backup-vault:voice-vault-west"),
    ("trails/west-trail", f"arn:aws:cloudtrail:us-west-2:{PROD}:trail/west-trail"),
    ("users/bob", f"arn:aws:iam::{PROD}:user/bob"),
    ("policies/analytics-keys", f"arn:aws:iam::{PROD}:policy/analytics-keys"),
    (f"roots/{PROD}", f"arn:aws:iam::{PROD}:root"),
    (f"bedrock/{PROD}/us-west-2", f"aws:{PROD}:us-west-2:bedrock"),
    ("agents/night-line", f"arn:aws:bedrock:us-east-1:{PROD}:agent/"),
    ("hsm/lab-hsm", "cluster-"),
    ("tokens/root", "pkcs11:token=root"),
    ("tokens/root/open-kek", "pkcs11:token=root;object=open-kek"),
    ("postgres/healthcare_voice", "postgres:healthcare-voice"),
    ("postgres/healthcare_voice/voice.call_notes", "postgres:healthcare-voice:voice.call_notes"),
    ("data_keys/legacy-1", "postgres:healthcare-voice:vault.data_keys/"),
    ("openai/realtime", "openai:proj_realtime"),
    ("openai/first try", "openai:key_realtime_old"),
    ("elevenlabs/platform before", "elevenlabs:key_voice_old"),
    ("deepgram/pilot", "deepgram:5a1b0000-0000-4000-8000-000000000002"),
    ("ehr/clinic", "endpoint:clinic"),
    ("leaks/slack", "leaks:slack:voice-export.zip"),
    ("leaks/laptop-key", "leak:laptop-key"),
]


@pytest.mark.parametrize(("name", "identity"), NAMES)
def test_a_name_is_that_of_one_thing(name: str, identity: str) -> None:
    assert subjects(load_world())[name].startswith(identity)


def test_a_finding_is_named_by_its_key() -> None:
    assert len(subjects(load_world())["findings/keys/transcripts-shared"]) == 32


@pytest.mark.parametrize(
    ("subject", "rest"),
    [
        ("arn:x#RotateKey#2026-03-27T12:00:00Z", "arn:x#RotateKey"),
        ("arn:x#use", "arn:x#use"),
        ("endpoint:x https://127.0.0.1:4711/jwks.json", "endpoint:x https://127.0.0.1/jwks.json"),
        ("endpoint:x " + "0a" * 32, "endpoint:x"),
        ("endpoint:x " + "0a" * 31, "endpoint:x " + "0a" * 31),
        ("2026-03-27T12:00:00Z", "2026-03-27T12:00:00Z"),
    ],
)
def test_what_another_demo_calls_otherwise_is_left_out(subject: str, rest: str) -> None:
    assert steady(subject) == rest
