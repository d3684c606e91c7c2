"""What looks like a secret inside text: keys, tokens, passwords in URLs and assignments.

Every expression is linear: it begins at a place that no other match attempt crosses, or looks ahead a bounded way.
What is public stays: ARNs, key ids, certificates, public keys, policy documents, 64 hex digits of an identifier.
"""

from __future__ import annotations

import re
from functools import lru_cache

REMOVED = "[redacted]"

_CALLED = (
    r"pass(?:word|wd|phrase)|pwd|secret[_-]?(?:access[_-]?)?key|api[_-]?key|client[_-]?secret|private[_-]?key"
    r"|(?:hsm|so|user|pkcs11)[_-]?pin|pin[_-]?value|account[_-]?key|shared[_-]?access[_-]?(?:key|signature)|(?:access|auth|session|security|refresh|id)[_-]?token"
)
_ASSIGNED = re.compile(
    # Not the label of a token in a PKCS #11 URI (RFC 7512), `pkcs11:token=root`, which names a key.
    # `password=x`, `"password": "x"`, `password: x`, `?sig=x`; JSON inside JSON, with its quotes escaped, too.
    rf"(?i)((?:{_CALLED})(?:\\{{0,4}}[\"'])?\s{{0,8}}[=:]\s{{0,8}}|\b(?:secret|(?<!pkcs11:)token|sig|signature)=)"
    r"(\"(?:[^\"\\]|\\.)*+|'[^']*+|\\{1,4}[\"'][^\"'\\]*+|[^\s\"',;&}\]]{3,})",
    re.DOTALL,
)
_RULES: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (
        ("private key",),
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?"
            r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
            re.DOTALL,
        ),
    ),
    (
        # The base64 of `-----BEGIN [RSA|EC|OPENSSH|ENCRYPTED] PRIVATE KEY`.
        ("ls0tls1crudjtib",),
        re.compile(
            r"LS0tLS1CRUdJTiB(?:SU0EgUFJJVkFUR|QUklWQVRFIEtFW|FQyBQUklWQVRF|PUEVOU1NIIFBSSVZBVE|FTkNSWVBURUQgUFJJVkFUR)"
            r"[A-Za-z0-9+/=\s]*"
        ),
    ),
    (("age-secret-key-",), re.compile(r"AGE-SECRET-KEY-1[A-Z0-9]{20,}")),
    (
        ("akia", "asia"),
        re.compile(
            r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b[\s:,;=/\"'|]{1,8}(?:[A-Za-z_ ]{1,30}[\s:=\"']{1,8})?[A-Za-z0-9/+]{40}\b"
        ),
    ),
    (
        # A key is a long run with capitals or digits in it; `sk-patients-and-their-notes` is a name.
        ("sk-", "sk_", "rk_"),
        re.compile(
            r"(?<![A-Za-z0-9])[sr]k[-_](?:[A-Za-z0-9]{1,12}[-_]){0,4}(?=[a-z]{0,64}[A-Z0-9])[A-Za-z0-9]{16,}"
            r"[A-Za-z0-9_-]*"
        ),
    ),
    (("xox",), re.compile(r"(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,}")),
    (("xapp-",), re.compile(r"(?<![A-Za-z0-9])xapp-[0-9]-[A-Za-z0-9-]{10,}")),
    (("hooks.slack.com/",), re.compile(r"(?<=hooks\.slack\.com/)[A-Za-z0-9/_-]{20,}")),
    (
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "npm_", "hf_"),
        re.compile(r"(?<![A-Za-z0-9])(?:gh[pousr]_|github_pat_|glpat-|npm_|hf_)[A-Za-z0-9_-]{20,}"),
    ),
    (("aiza", "ya29.", "gocspx-"), re.compile(r"(?<![A-Za-z0-9])(?:AIza|ya29\.|GOCSPX-)[A-Za-z0-9_-]{20,}")),
    (("hvs.", "hvb.", "absk"), re.compile(r"(?<![A-Za-z0-9])(?:hv[sb]\.|ABSK)[A-Za-z0-9_+/=-]{24,}")),
    (
        # A JWS has three parts, a JWE five, of which one may be empty.
        ("eyj",),
        re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}+(?:\.[A-Za-z0-9_-]*+){2,4}"),
    ),
    (
        # Up to the last `@` before the path: people forget to encode the one in a password.
        ("://",),
        re.compile(r"(?<=://)[^\s/:@\"'<>]*+:[^\s/\"'<>]*(?=@)"),
    ),
    (("bearer",), re.compile(r"(?i)(\bbearer\s++)[A-Za-z0-9._~+/-]{16,}=*")),
    (
        ("authorization",),
        re.compile(r"(?i)(authorization[\"']?\s{0,8}[=:]\s{0,8}[\"']?basic\s{1,8})[A-Za-z0-9+/=]{4,}"),
    ),
)
"""(lower-case text that must be there for a match, expression). The first group of a match, if any, is kept."""
_ASSIGNED_HINTS = ("pass", "pwd", "key", "secret", "token", "sig", "pin")
_DELIMITERS = " \t\r\n\"'`,;()[]{}<>"
_LOOK_BACK = 256
_REMEMBERED = 4096
"""Characters of the longest text whose outcome is remembered."""


def cut_secrets(text: str) -> str:
    """Return ``text`` with everything that looks like a secret replaced by ``[redacted]``."""
    if len(text) < 4:
        return text
    return _cut_again(text) if len(text) <= _REMEMBERED else _cut(text)


def _cut(text: str) -> str:
    low = text.lower()
    for hints, expression in _RULES:
        if any(hint in low for hint in hints):
            text = expression.sub(_removed, text)
    if any(sign in low for sign in "=:") and any(hint in low for hint in _ASSIGNED_HINTS):
        text = _ASSIGNED.sub(_assigned, text)
    return text


_cut_again = lru_cache(maxsize=4096)(_cut)
"""The same for text that comes again and again: ARNs, names of enumerations, policies."""


def _removed(match: re.Match[str]) -> str:
    return f"{match[1]}{REMOVED}" if match.re.groups else REMOVED


def _assigned(match: re.Match[str]) -> str:
    value = match[2]
    content = value.lstrip("\\").lstrip("\"'")
    if not content or value.lstrip("\\") == REMOVED[:-1] or _in_arn(match):
        return match[0]
    return f"{match[1]}{value[: len(value) - len(content)]}{REMOVED}"


def _in_arn(match: re.Match[str]) -> bool:
    """Tell whether a match stands inside an ARN: ``arn:aws:ssm:us-east-1:1:parameter/password:3`` names no secret."""
    before = match.string[max(0, match.start() - _LOOK_BACK) : match.start()]
    return before[1 + max(map(before.rfind, _DELIMITERS)) :].startswith("arn:")
