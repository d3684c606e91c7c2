"""A labelled corpus: every kind of secret in every context, and hard negatives. The same for the same seed.

Nothing here is a real key. Tokens are put together from parts, so that no scanner of this repository, ours included,
takes this file for a leak.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import string
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

ALNUM = string.ascii_letters + string.digits
CONTEXTS = ("slack", "json", "code", "log", "yaml", "env")
_PLAIN = serialization.NoEncryption()
_PKCS8 = serialization.PrivateFormat.PKCS8
_TRADITIONAL = serialization.PrivateFormat.TraditionalOpenSSL


@dataclass(frozen=True, slots=True)
class Sample:
    """A text, and what kind of secret is in it; empty: none."""

    label: str
    """What it is a sample of."""
    kind: str
    context: str
    text: str


class Maker:
    """Makes samples from a seed."""

    def __init__(self, seed: int = 7) -> None:
        self.random = random.Random(seed)  # noqa: S311 - nothing here is a real key

    def bytes(self, number: int) -> bytes:
        return self.random.randbytes(number)

    def text(self, number: int, alphabet: str = ALNUM) -> str:
        return "".join(self.random.choices(alphabet, k=number))

    def b64(self, number: int) -> str:
        return base64.b64encode(self.bytes(number)).decode()

    def url64(self, number: int) -> str:
        return base64.urlsafe_b64encode(self.bytes(number)).decode().rstrip("=")

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def key(self, kind: str) -> object:
        return _keys(kind)[self.random.randrange(3)]


@lru_cache
def _keys(kind: str) -> tuple[object, ...]:
    """Return three keys of a kind: making them takes time, and they are the same for the whole process."""
    if kind == "rsa":
        return tuple(rsa.generate_private_key(65537, 2048) for _ in range(3))
    if kind == "ec":
        return tuple(ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    return tuple(ed25519.Ed25519PrivateKey.generate() for _ in range(3))


def _pem(make: Maker, kind: str, form: serialization.PrivateFormat, password: bytes = b"") -> str:
    key = make.key(kind)
    locked = serialization.BestAvailableEncryption(password) if password else _PLAIN
    text: bytes = key.private_bytes(serialization.Encoding.PEM, form, locked)  # type: ignore[attr-defined] # every key has it
    return text.decode()


def _der(make: Maker, kind: str) -> str:
    key = make.key(kind)
    return base64.b64encode(key.private_bytes(serialization.Encoding.DER, _PKCS8, _PLAIN)).decode()  # type: ignore[attr-defined] # as above


def _jwk(make: Maker, kind: str) -> dict[str, str]:
    def number(value: int, size: int) -> str:
        return base64.urlsafe_b64encode(value.to_bytes(size, "big")).decode().rstrip("=")

    if kind == "oct":
        return {"kty": "oct", "kid": make.text(8), "alg": "A256KW", "k": make.url64(32)}
    if kind == "ec":
        key = make.key("ec")
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        told = key.private_numbers()
        x, y = (number(one, 32) for one in (told.public_numbers.x, told.public_numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "d": number(told.private_value, 32)}
    key = make.key("rsa")
    assert isinstance(key, rsa.RSAPrivateKey)
    of_rsa = key.private_numbers()
    n, e, d = of_rsa.public_numbers.n, of_rsa.public_numbers.e, of_rsa.d
    return {"kty": "RSA", "use": "sig", "n": number(n, 256), "e": number(e, 3), "d": number(d, 256)}


def _pkcs12(make: Maker, password: bytes = b"") -> str:
    key = make.key("ec")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    locked = serialization.BestAvailableEncryption(password) if password else _PLAIN
    return base64.b64encode(pkcs12.serialize_key_and_certificates(b"voice", key, None, None, locked)).decode()


NAMES = ("master_key", "kek", "tenant_dek", "rootKey", "secret_key", "dataKey", "encryption_key", "AES_KEY", "hmac_key")
SAID = (
    "the master key",
    "root key for prod",
    "new KEK",
    "DEK of tenant-7",
    "unseal key 2",
    "the backup key",
    "AES key",
)

Secrets = dict[str, tuple[str, Callable[[Maker], str]]]
"""Label to the kind that must be found, and what makes one."""

VALUES: Secrets = {
    "hex 128": ("raw_key", lambda m: m.bytes(16).hex()),
    "hex 192": ("raw_key", lambda m: m.bytes(24).hex()),
    "hex 256": ("raw_key", lambda m: m.bytes(32).hex()),
    "hex 256 upper": ("raw_key", lambda m: m.bytes(32).hex().upper()),
    "hex 256 0x": ("raw_key", lambda m: "0x" + m.bytes(32).hex()),
    "hex 512": ("raw_key", lambda m: m.bytes(64).hex()),
    "base64 128": ("raw_key", lambda m: m.b64(16)),
    "base64 256": ("raw_key", lambda m: m.b64(32)),
    "base64url 256": ("raw_key", lambda m: m.url64(32)),
    "base64 512": ("raw_key", lambda m: m.b64(64)),
}
"""Raw keys: they are told by the name that they are given."""

TOKENS: Secrets = {
    "openai": ("openai_key", lambda m: "sk-" + "proj-" + m.text(58, ALNUM + "-_") + "T3Blbk" + "FJ" + m.text(58)),
    "openai old": ("openai_key", lambda m: "sk-" + m.text(20) + "T3Blbk" + "FJ" + m.text(20)),
    "anthropic": ("anthropic_key", lambda m: "sk-ant-" + "api03-" + m.text(93, ALNUM + "-_") + "AA"),
    "anthropic admin": ("anthropic_key", lambda m: "sk-ant-" + "admin01-" + m.text(93, ALNUM + "-_") + "AA"),
    "elevenlabs": ("elevenlabs_key", lambda m: "sk_" + m.bytes(24).hex()),
    "google": ("google_api_key", lambda m: "AI" + "za" + m.text(35, ALNUM + "-_")),
    "slack bot": ("slack_token", lambda m: "xo" + "xb-" + m.text(12, "123456789") + "-" + m.text(24).lower()),
    "slack app": (
        "slack_token",
        lambda m: (
            "xapp-1-A" + m.text(10, string.ascii_uppercase) + "-" + m.text(13, "123456789") + "-" + m.bytes(32).hex()
        ),
    ),
    "github": ("github_token", lambda m: "gh" + "p_" + m.text(36)),
    "github fine": ("github_token", lambda m: "github_" + "pat_" + m.text(22) + "_" + m.text(59)),
    "gitlab": ("gitlab_token", lambda m: "glp" + "at-" + m.text(20)),
    "npm": ("npm_token", lambda m: "np" + "m_" + m.text(36)),
    "stripe": ("stripe_key", lambda m: "sk_" + "live_" + m.text(24)),
    "sendgrid": ("sendgrid_key", lambda m: "S" + "G." + m.text(22) + "." + m.text(43)),
    "vault": ("vault_token", lambda m: "hv" + "s." + m.text(24)),
    "azure secret": ("azure_client_secret", lambda m: m.text(3) + "8Q" + "~" + m.text(34)),
    "azure storage": (
        "azure_storage_key",
        lambda m: "DefaultEndpointsProtocol=https;AccountName=voice;Account" + "Key=" + m.b64(64),
    ),
    "azure sas": (
        "azure_sas",
        lambda m: (
            "https://voice.blob.core.windows.net/a?sv=2024-11-04&ss=b&srt=o&sp=r&se=2027-01-01T00:00:00Z&s"
            "ig=" + m.b64(32).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
        ),
    ),
    "pkcs8 base64": ("private_key", lambda m: _der(m, "ec")),
    "pem base64": ("private_key", lambda m: base64.b64encode(_pem(m, "ec", _PKCS8).encode()).decode()),
    "pkcs12": ("pkcs12", _pkcs12),
    "pkcs12 locked": ("pkcs12", lambda m: _pkcs12(m, b"a password")),
}
"""What is told by itself, whatever it is called."""

BLOCKS: Secrets = {
    "pkcs8 rsa": ("private_key", lambda m: _pem(m, "rsa", _PKCS8)),
    "pkcs1 rsa": ("private_key", lambda m: _pem(m, "rsa", _TRADITIONAL)),
    "sec1 ec": ("private_key", lambda m: _pem(m, "ec", _TRADITIONAL)),
    "pkcs8 ed25519": ("private_key", lambda m: _pem(m, "ed", _PKCS8)),
    "openssh": ("private_key", lambda m: _pem(m, "ed", serialization.PrivateFormat.OpenSSH)),
    "pkcs8 locked": ("private_key", lambda m: _pem(m, "ec", _PKCS8, b"a password")),
    "jwk oct": ("jwk", lambda m: json.dumps(_jwk(m, "oct"))),
    "jwk ec": ("jwk", lambda m: json.dumps(_jwk(m, "ec"))),
    "jwk rsa": ("jwk", lambda m: json.dumps(_jwk(m, "rsa"))),
    "jwk set": ("jwk", lambda m: json.dumps({"keys": [_jwk(m, "ec")]}, indent=1)),
    "tink": (
        "tink_keyset",
        lambda m: json.dumps(
            {
                "primaryKeyId": 7,
                "key": [
                    {
                        "keyData": {
                            "typeUrl": "type.googleapis.com/google.crypto.tink.AesGcmKey",
                            "value": m.b64(34),
                            "keyMaterialType": "SYMMETRIC",
                        },
                        "status": "ENABLED",
                    }
                ],
            }
        ),
    ),
    "service account": (
        "gcp_service_account_key",
        lambda m: json.dumps(
            {
                "type": "service_account",
                "project_id": "example-analytics",
                "private_key_id": m.bytes(20).hex(),
                "private_key": _pem(m, "rsa", _PKCS8),
                "client_email": "voice@example-analytics.iam.gserviceaccount.com",
            }
        ),
    ),
}

ASSIGNED: Secrets = {
    "aws": (
        "aws_key",
        lambda m: (
            "aws_access_key_id = AK" + "IA" + m.text(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") + "\n"
            "aws_secret_access_key = " + _mixed(m, 40)
        ),
    ),
    "deepgram": ("deepgram_key", lambda m: "DEEPGRAM_API_KEY=" + m.bytes(20).hex()),
    "hsm pin": ("hsm_pin", lambda m: "HSM_PIN=" + m.text(8, "123456789")),
    "so pin": ("hsm_pin", lambda m: "the SO PIN is " + m.text(6, "123456789") + ", do not tell"),
    "user pin": ("hsm_pin", lambda m: json.dumps({"user_pin": m.text(6, "123456789")})),
    "cloudhsm pin": ("hsm_pin", lambda m: 'pkcs11_pin = "crypto_user:' + m.text(12) + '"'),
    "pin uri": ("hsm_pin", lambda m: "pkcs11:token=root;object=root-2026?pin-value=" + m.text(6, "123456789")),
}


def _mixed(make: Maker, number: int) -> str:
    return "aZ9" + make.text(number - 3, ALNUM + "/+")


NEGATIVES: dict[str, Callable[[Maker], str]] = {
    "wrapped dek": lambda m: json.dumps({"wrapped_dek": m.b64(40), "kek_id": m.uuid()}),
    "wrapped 128": lambda m: f"dek_wrapped={m.b64(24)} alg=aes-kw",
    "encrypted key hex": lambda m: f"encrypted_dek: {m.bytes(32).hex()}",
    "kms blob": lambda m: f"data_key_ciphertext: {base64.b64encode(bytes([1, 2, 2, 0, 120]) + m.bytes(179)).decode()}",
    "aws esdk": lambda m: f"data key message {base64.b64encode(bytes([1, 0x80, 3, 0x78]) + m.bytes(400)).decode()}",
    "envelope row": lambda m: json.dumps(
        {"dek_id": m.uuid(), "nonce": m.bytes(12).hex(), "tag": m.bytes(16).hex(), "ciphertext": m.b64(64)}
    ),
    "iv of a key": lambda m: f"aes_iv={m.bytes(16).hex()}",
    "kcv": lambda m: f"kek_kcv: {m.bytes(16).hex()}",
    "sha256 of a key": lambda m: f"sha256 of the master key: {m.bytes(32).hex()}",
    "fingerprint": lambda m: f"root key fingerprint = {m.bytes(32).hex()}",
    "key id": lambda m: f"kek_id={m.bytes(16).hex()}",
    "key id uuid": lambda m: f"master key id {m.uuid()}",
    "mrk": lambda m: f"master key arn:aws:kms:us-east-1:111122223333:key/mrk-{m.bytes(16).hex()}",
    "git hash": lambda m: f"the secret key was removed in commit {m.bytes(20).hex()}",
    "docker image": lambda m: f"image: registry.example.com/key-service@sha256:{m.bytes(32).hex()}",
    "npm integrity": lambda m: f'"integrity": "sha512-{m.b64(64)}"',
    "pip hash": lambda m: f"cryptography==50.0.2 --hash=sha256:{m.bytes(32).hex()}",
    "checksum": lambda m: f"{m.bytes(32).hex()}  master-key-backup.tar.gz",
    "etag": lambda m: f'etag: "{m.bytes(16).hex()}"',
    "trace": lambda m: f"decrypt ok trace={m.bytes(16).hex()} span={m.bytes(8).hex()}",
    "uuid": lambda m: f"request_id={m.uuid()} key used",
    "cache key": lambda m: f"cache key {m.bytes(16).hex()} missed",
    "s3 key": lambda m: f'"key": "{m.bytes(16).hex()}.wav"',
    "public pem": lambda m: _public(m) + "\n",
    "public jwk": lambda m: json.dumps({k: v for k, v in _jwk(m, "ec").items() if k != "d"}),
    "public rsa jwk": lambda m: json.dumps({k: v for k, v in _jwk(m, "rsa").items() if k != "d"}),
    "ssh public": lambda m: f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA{m.b64(35)} ops@example.com",
    "tink remote": lambda m: json.dumps({"keyData": {"value": m.b64(60), "keyMaterialType": "REMOTE"}}),
    "tink encrypted": lambda m: json.dumps({"encryptedKeyset": m.b64(120), "keysetInfo": {"primaryKeyId": 5}}),
    "aws example": lambda _: (
        "AK" + "IAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    ),
    "aws id alone": lambda m: "access key AK" + "IA" + m.text(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") + " was used",
    "marked fixture": lambda m: f"master_key = '{m.bytes(32).hex()}'  # test fixture, not a secret",
    "allowlisted": lambda m: f"KEK={m.b64(32)}  # pragma: allowlist secret",
    "dummy": lambda m: f"# dummy value\nencryption_key: {m.bytes(32).hex()}",
    "marked pem": lambda m: f"# test vector of the parser\n{_pem(m, 'ec', _PKCS8)}",
    "nist vector": lambda _: "aes key = 2b7e151616"[:10] + "2b7e151628aed2a6abf7158809cf4f3c",
    "counting": lambda _: "master_key = 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    "zeros": lambda _: "kek = " + "0" * 64,
    "pem placeholder": lambda _: "-----BEGIN PRIVATE KEY-----\nMIIEv...your key here...\n-----END PRIVATE KEY-----",
    "pem header alone": lambda _: "it begins with -----BEGIN PRIVATE KEY----- and ends with -----END PRIVATE KEY-----",
    "env reference": lambda _: "master_key: ${MASTER_KEY}\npin: {env: HSM_PIN}\nHSM_PIN=$HSM_PIN",
    "pin placeholder": lambda _: "HSM_PIN=<your pin>\nuser pin: ****",
    "pin prose": lambda _: "the user pin is required before you log in; pin=12 of the connector",
    "openai placeholder": lambda _: (
        "OPENAI_API_KEY=sk-" + "proj-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxT3Blbk" + "FJxxxxxxxxxxxxxxxxxxxxxxxx"
    ),
    "openai hint": lambda m: f"key sk-...{m.text(4)} was rotated",
    "long identifier": lambda _: "secret_key = settings.GlobalEncryptionConfiguration",
    "long path": lambda _: "master key in /opt/voice/config/production/keys/master/current",
    "base64 text": lambda _: "secret_key: " + base64.b64encode(b"this is only some plain te").decode(),
    "jwt": lambda m: f"secret key id ey{'J'}{m.text(30)}.eyJ{m.text(40)}.{m.url64(32)}",
    "nonce": lambda m: f"session_key nonce={m.b64(16)}",
    "salt": lambda m: f"aes_salt: {m.b64(16)}",
    "hmac tag": lambda m: f"hmac signature {m.bytes(32).hex()}",
    "random id": lambda m: f"tenant={m.text(22)} stored",
    "elevenlabs voice": lambda m: f"voice_id={m.text(20)}",
}
"""What only looks like a secret, or says that it is none."""


def _public(make: Maker) -> str:
    public = make.key("rsa").public_key()  # type: ignore[attr-defined] # every key has it
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    text: bytes = public.public_bytes(serialization.Encoding.PEM, form)
    return text.decode()


def positives(per_label: int, seed: int = 7) -> Iterator[Sample]:
    """Yield samples with exactly one secret: so many of each label in each context."""
    make = Maker(seed)
    for context in CONTEXTS:
        for label, (kind, value) in VALUES.items():
            for _ in range(per_label):
                yield Sample(label, kind, context, _named(make, value(make), context))
        for label, (kind, value) in TOKENS.items():
            for _ in range(per_label):
                yield Sample(label, kind, context, _named(make, value(make), context, "credential"))
        for label, (kind, value) in {**BLOCKS, **ASSIGNED}.items():
            for _ in range(per_label):
                yield Sample(label, kind, context, _block(make, value(make), context))


def negatives(per_label: int, seed: int = 8) -> Iterator[Sample]:
    """Yield samples without a secret."""
    make = Maker(seed)
    for context in CONTEXTS:
        for label, value in NEGATIVES.items():
            for _ in range(per_label):
                yield Sample(label, "", context, _block(make, value(make), context))


def _named(make: Maker, value: str, context: str, name: str = "") -> str:
    """Return a text in which a value has a name, as people write it."""
    name = name or make.random.choice(NAMES)
    said = name if name == "credential" else make.random.choice(SAID)
    filler = f"tenant-{make.random.randrange(99)}"
    forms = {
        "slack": [
            f"hey, {said} = {value}",
            f"hey, {said}: {value}",
            f"{said} is `{value}` pls delete",
            f"{said}:\n```{value}```\nthanks",
        ],
        "json": [json.dumps({"id": filler, name: value}), json.dumps({"message": json.dumps({name: value, "v": 2})})],
        "code": [f'{name} = "{value}"', f"const {name}: string = '{value}';", f'{name} := []byte("{value}")'],
        "log": [f"2026-05-01T10:00:00Z DEBUG {filler} {name}={value} ok", f"10:00 kms: {name}: {value}"],
        "yaml": [f"{filler}:\n  {name}: {value}\n  region: us-east-1", f'  {name}: "{value}"'],
        "env": [f"export {name.upper()}={value}", f"{name.upper()}='{value}'"],
    }
    return make.random.choice(forms[context])


def _block(make: Maker, value: str, context: str) -> str:
    """Return a text around a value that may have lines of its own."""
    forms = {
        "slack": f"hi, from yesterday:\n```{value}```",
        "json": json.dumps({"tenant": make.random.randrange(99), "text": value}),
        "code": f'def load():\n    return """{value}"""',
        "log": f"2026-05-01T10:00:00Z INFO worker-3 got this\n{value}\n2026-05-01T10:00:01Z INFO done",
        "yaml": "data:\n  file: |\n" + "".join(f"    {line}\n" for line in value.splitlines()),
        "env": f"# settings\n{value}\n",
    }
    return forms[context]


def digest(samples: Iterator[Sample]) -> str:
    """Return a digest over texts, for a check that the corpus is the same for the same seed."""
    return hashlib.sha256("\0".join(sample.text for sample in samples).encode()).hexdigest()
