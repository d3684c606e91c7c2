"""What looks like a secret inside text: keys, tokens, passwords in URLs and assignments, numbers of a patient.

Every expression is linear: it begins at a place that no other match attempt crosses, or looks ahead a bounded way.
What is public stays: ARNs, key ids, certificates, public keys, policy documents, 64 hex digits of an identifier.
Of what is said of a patient only that which has a shape or a label is known: a name looks like any other word.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

REMOVED = "[redacted]"

_ESCAPE = r"(?<=\\[nrtbf])|(?<=\\u[0-9A-Fa-f]{4})"
"""Behind an escape of JSON inside JSON: the `n` of ``\\nsk-...`` is no part of the key."""
_START = rf"(?:(?<![A-Za-z0-9])|{_ESCAPE})"
"""Where a word begins."""
_CALLED = (
    r"pass(?:word|wd|phrase)|pwd|secret[_-]?(?:access[_-]?)?key|api[_-]?key|client[_-]?secret|private[_-]?key"
    r"|(?:hsm|so|user|pkcs11)[_-]?pin|pin[_-]?value|account[_-]?key|shared[_-]?access[_-]?(?:key|signature)|(?:access|auth|session|security|refresh|id)[_-]?token"
)
_ASSIGNED = re.compile(
    # Not the label of a token in a PKCS #11 URI (RFC 7512), `pkcs11:token=root`, which names a key.
    # `password=x`, `"password": "x"`, `password: x`, `?sig=x`; JSON inside JSON, with its quotes escaped, too.
    rf"(?i)((?:{_CALLED})(?:\\{{0,4}}[\"'])?\s{{0,8}}[=:]\s{{0,8}}|{_START}(?:secret|(?<!pkcs11:)token|sig|signature)=)"
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
            _START + r"(?:AKIA|ASIA)[A-Z0-9]{16}(?:[\s:,;=/\"'|]|\\[nrt]){1,8}(?:[A-Za-z_ ]{1,30}[\s:=\"']{1,8})?"
            r"[A-Za-z0-9/+]{24,40}\b"
        ),
    ),
    (
        # A key is a long run with capitals or digits in it; `sk-patients-and-their-notes` is a name.
        ("sk-", "sk_", "rk_"),
        re.compile(
            _START + r"[sr]k[-_](?:[A-Za-z0-9]{1,12}[-_]){0,4}(?=[a-z]{0,64}[A-Z0-9])[A-Za-z0-9]{16,}"
            r"[A-Za-z0-9_-]*"
        ),
    ),
    (("xox",), re.compile(_START + r"xox[abeoprs]-[A-Za-z0-9-]{10,}")),
    (("xapp-",), re.compile(_START + r"xapp-[0-9]-[A-Za-z0-9-]{10,}")),
    (("hooks.slack.com/",), re.compile(r"(?<=hooks\.slack\.com/)[A-Za-z0-9/_-]{20,}")),
    (
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "npm_", "hf_"),
        re.compile(_START + r"(?:gh[pousr]_|github_pat_|glpat-|npm_|hf_)[A-Za-z0-9_-]{20,}"),
    ),
    (("aiza", "ya29.", "gocspx-"), re.compile(_START + r"(?:AIza|ya29\.|GOCSPX-)[A-Za-z0-9_-]{20,}")),
    (("hvs.", "hvb.", "absk"), re.compile(_START + r"(?:hv[sb]\.|ABSK)[A-Za-z0-9_+/=-]{24,}")),
    (
        # A JWS has three parts, a JWE five, of which one may be empty.
        ("eyj",),
        re.compile(rf"(?:(?<![A-Za-z0-9_-])|{_ESCAPE})eyJ[A-Za-z0-9_-]{{10,}}+(?:\.[A-Za-z0-9_-]*+){{2,4}}"),
    ),
    (
        # Up to the last `@` before the path: people forget to encode the one in a password.
        ("://",),
        re.compile(r"(?<=://)[^\s/:@\"'<>]*+:[^\s/\"'<>]*(?=@)"),
    ),
    (("bearer",), re.compile(r"(?i)(" + _START + r"bearer\s++)[A-Za-z0-9._~+/-]{16,}=*")),
    (
        ("authorization",),
        re.compile(r"(?i)(authorization[\"']?\s{0,8}[=:]\s{0,8}[\"']?basic\s{1,8})[A-Za-z0-9+/=]{4,}"),
    ),
    (
        # Any other scheme: Deepgram's is `Token`.
        ("authorization",),
        re.compile(
            r"(?i)(authorization[\"']?\s{0,8}[=:]\s{0,8}[\"']?(?!basic|bearer)[a-z][a-z0-9-]{1,30}\s{1,8})"
            r"(?=[a-z._~+/=-]{0,64}[0-9])[a-z0-9._~+/=-]{8,}"
        ),
    ),
    (
        # The beginnings of AWS session tokens.
        ("iqojb3jpz2lu", "fwogzxivyxdz", "fqogzxivyxdz"),
        re.compile(r"(?:IQoJb3JpZ2lu|F[wQ]oGZXIvYXdz)[A-Za-z0-9+/=_-]{20,}"),
    ),
    (
        # The private members of a JSON Web Key (RFC 7518, 6.2.2, 6.3.2, 6.4) in a text.
        ("kty",),
        re.compile(
            r"(?<![A-Za-z0-9_-])((?:d|p|q|dp|dq|qi|k)(?:\\{0,4}[\"']){1,2}\s{0,8}:\s{0,8}(?:\\{0,4}[\"']){1,2})"
            r"[A-Za-z0-9_-]{16,}"
        ),
    ),
    (
        # The base64 of 32 bytes beside a word for a key.
        ("key", "dek", "kek", "secret", "aes"),
        re.compile(
            r"(?i)(?<!public[ _-])(?<!public)((?:keys?|dek|kek|secret|aes[_-]?256)(?:\\{0,4}[\"'])?\s{0,4}[=:]?\s{0,4}"
            r"(?:\\{0,4}[\"'])?)[A-Za-z0-9+/_-]{43}=(?![A-Za-z0-9+/=])"
        ),
    ),
    (
        ("pin",),
        re.compile(
            r"(?i)" + _START + r"(pin(?:[ _-]?code)?(?:\\{0,4}[\"'])?\s{0,8}[=:]\s{0,8}(?:\\{0,4}[\"'])?)[0-9]{4,}"
        ),
    ),
    # A social security number, and numbers and dates that are labelled as a patient's.
    (("-",), re.compile(_START + r"(?<!-)[0-9]{3}-[0-9]{2}-[0-9]{4}(?![\w-])")),
    (
        ("mrn", "medical", "patient", "member", "ssn"),
        re.compile(
            r"(?i)" + _START + r"((?:mrn|ssn|medical[ _-]?record(?:[ _-]?(?:number|no\.?))?|(?:patient|member)[ _-]?"
            r"(?:id|number|no\.?))[\"']?\s{0,4}[#=:]?\s{0,4}[\"']?)(?:[A-Z]{1,4}-?)?[0-9]{4,}"
        ),
    ),
    (
        ("dob", "birth", "born"),
        re.compile(
            r"(?i)"
            + _START
            + r"((?:dob|date[ _-]of[ _-]birth|birth[ _-]?date|born)(?: on)?[\"']?\s{0,4}[=:]?\s{0,4}[\"']?)"
            r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2,4})"
        ),
    ),
)
"""(lower-case text that must be there for a match, expression). The first group of a match, if any, is kept."""
_ASSIGNED_HINTS = ("pass", "pwd", "key", "secret", "token", "sig", "pin")
_DELIMITERS = " \t\r\n\"'`,;()[]{}<>"
_LOOK_BACK = 256
_LAYERS = 3
"""How often a text may be URL-encoded; where a secret is found in it, the text is kept decoded."""
_REMEMBERED = 4096
"""Characters of the longest text whose outcome is remembered."""


def cut_secrets(text: str) -> str:
    """Return ``text`` with everything that looks like a secret replaced by ``[redacted]``."""
    if len(text) < 4:
        return text
    return _cut_again(text) if len(text) <= _REMEMBERED else _cut(text)


def _cut(text: str) -> str:
    layer = clean = _cut_bare(text)
    # Policies come URL-encoded, and are kept so when they cannot be read.
    for _ in range(_LAYERS):
        if "%" not in layer:
            break
        layer = unquote(layer)
        if (bare := _cut_bare(layer)) != layer:
            layer = clean = bare
    return clean


def _cut_bare(text: str) -> str:
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
    if "=" in match[1]:
        return False
    before = match.string[max(0, match.start() - _LOOK_BACK) : match.start()]
    return before[1 + max(map(before.rfind, _DELIMITERS)) :].startswith("arn:")
