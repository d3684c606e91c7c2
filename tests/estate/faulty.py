"""Estate files that are wrong, one way each."""

from __future__ import annotations

from dataclasses import dataclass

HEAD = "keyaudit: 1\norganization: Test Health\n"
SOURCES = "sources:\n  aws:\n    - name: main\n      regions: all\n"
GOOD = HEAD + SOURCES
ARN = "arn:aws:iam::111122223333:role/audit"


@dataclass(frozen=True, slots=True)
class Faulty:
    """A wrong file. ``schema`` says whether its JSON Schema can see what is wrong."""

    name: str
    text: str | bytes
    schema: bool = True

    @property
    def raw(self) -> bytes:
        """The bytes of the file."""
        return self.text.encode() if isinstance(self.text, str) else self.text


def source(*lines: str) -> str:
    """Return a file with one source that has further lines."""
    return HEAD + "sources:\n  aws:\n    - name: main\n" + "".join(f"      {line}\n" for line in lines)


def policy(line: str) -> str:
    """Return a file with a policy of one line."""
    return f"{HEAD}policy:\n  {line}\n{SOURCES}"


def proving(text: str) -> str:
    """Return a file with an AWS source, a token and a database, and further parts."""
    return (
        f"{HEAD}sources:\n  aws: [{{name: main}}]\n"
        "  pkcs11: [{name: root, module: libsofthsm2.so, token: root, pin: {env: PIN}}]\n"
        f"  postgres: [{{name: voice, dsn: {{env: DSN}}}}]\n{text}\n"
    )


NOT_YAML = (
    Faulty("an empty file", ""),
    Faulty("comments alone", "# nothing\n"),
    Faulty("text", "hello\n"),
    Faulty("a list", "- keyaudit: 1\n"),
    Faulty("two documents", f"{GOOD}---\n{GOOD}"),
    Faulty("a tab", "keyaudit: 1\nsources:\n\taws: []\n"),
    Faulty("bad indentation", "keyaudit: 1\n organization: Test Health\n"),
    Faulty("bad indentation of a list", f"{HEAD}sources:\n  aws:\n    - name: main\n   - name: other\n"),
    Faulty("a colon in text", "keyaudit: 1\norganization: Test: Health\n"),
    Faulty("a key without a colon", f"{HEAD}sources\n  aws: []\n"),
    Faulty("a quote that is not closed", f"{HEAD}sources: 'aws\n"),
    Faulty("a bracket that is not closed", f"{HEAD}sources: {{aws: [\n"),
    Faulty("a bracket closed by another", f"{HEAD}sources: {{aws: [}}\n"),
    Faulty("text that begins with @", "keyaudit: 1\norganization: @health\n"),
    Faulty("a duplicate key", f"{HEAD}{HEAD}{SOURCES}"),
    Faulty("a duplicate key deep inside", source("regions: all", "regions: all")),
    Faulty("an anchor", f"{HEAD}sources: &all\n  aws: []\n"),
    Faulty("an alias", f"{HEAD}sources: *all\n"),
    Faulty("a bomb", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"),
    Faulty("a merge key", f"<<: {{keyaudit: 1}}\n{GOOD}"),
    Faulty("a tag", f"{HEAD}sources: !!python/object/apply:os.system [id]\n"),
    Faulty("a tag of its own", f"{HEAD}sources: !include other.yaml\n"),
    Faulty("a key that is a list", f"{HEAD}? [a, b]\n: c\n"),
    Faulty("nested deeply", f"{HEAD}sources: {'[' * 5000}"),
    Faulty("a huge file", GOOD + "# " + "x" * 1024 * 1024),
    Faulty("a huge number", f"keyaudit: {'9' * 5000}\n"),
    Faulty("a number that is too large", policy("kek_max_days: 9223372036854775808")),
    Faulty("not UTF-8", GOOD.encode() + b"# caf\xe9\n"),
    Faulty("UTF-16", GOOD.encode("utf-16")),
    Faulty("binary", bytes(range(256))),
    Faulty("a NUL", b"keyaudit: 1\norganization: Test\x00Health\n"),
    Faulty("a terminal escape", "keyaudit: 1\norganization: \x1b[31mHealth\n"),
)
"""What is not even in the subset of YAML, or no mapping."""

SHAPE = (
    Faulty("an unknown key", f"{HEAD}regions: all\n{SOURCES}"),
    Faulty("a near miss", f"keyaudit: 1\norganisation: Test Health\n{SOURCES}"),
    Faulty("a near miss deep inside", source("regoins: all")),
    Faulty("an unknown kind of source", f"{HEAD}sources: {{kubernetes: [{{name: a}}]}}\n"),
    Faulty("a missing version", f"organization: Test Health\n{SOURCES}"),
    Faulty("a missing organization", f"keyaudit: 1\n{SOURCES}"),
    Faulty("missing sources", HEAD),
    Faulty("a missing name", f"{HEAD}sources:\n  aws:\n    - regions: all\n"),
    Faulty("another version", f"keyaudit: 2\norganization: Test Health\n{SOURCES}"),
    Faulty("a version in words", f"keyaudit: one\norganization: Test Health\n{SOURCES}"),
    Faulty("a version that is true", f"keyaudit: true\norganization: Test Health\n{SOURCES}"),
    Faulty("an organization that is a number", f"keyaudit: 1\norganization: 42\n{SOURCES}"),
    Faulty("an empty organization", f"keyaudit: 1\norganization: ' '\n{SOURCES}"),
    Faulty("an organization without a value", f"keyaudit: 1\norganization:\n{SOURCES}"),
    Faulty("a very long organization", f"keyaudit: 1\norganization: {'x' * 1001}\n{SOURCES}"),
    Faulty("no source", f"{HEAD}sources: {{}}\n"),
    Faulty("sources without a value", f"{HEAD}sources:\n"),
    Faulty("an empty list of sources", f"{HEAD}sources: {{aws: []}}\n"),
    Faulty("a source in place of a list", f"{HEAD}sources: {{aws: {{name: main}}}}\n"),
    Faulty("a name in place of a source", f"{HEAD}sources: {{aws: [main]}}\n"),
    Faulty("two sources with one name", f"{HEAD}sources:\n  aws:\n    - name: main\n    - name: main\n", schema=False),
    Faulty("a bad name", f"{HEAD}sources: {{aws: [{{name: Main Account}}]}}\n"),
    Faulty("a bad region", source("regions: [us-east-1, us-east]")),
    Faulty("a region that is a host", source("regions: [us-east-1.attacker.example]")),
    Faulty("one region without a list", source("regions: us-east-1")),
    Faulty("all regions and one", source("regions: [all, us-east-1]")),
    Faulty("a region twice", source("regions: [us-east-1, us-west-2, us-east-1]")),
    Faulty("a bad role ARN", source("role_arn: audit")),
    Faulty("a role ARN of a user", source("role_arn: arn:aws:iam::111122223333:user/audit")),
    Faulty("role_arn with role_chain", source(f"role_arn: {ARN}", f"role_chain: [{ARN}]")),
    Faulty("an empty role_chain", source("role_chain: []")),
    Faulty("external_id alone", source("external_id: {env: EXTERNAL_ID}")),
    Faulty("an organization that is yes", source("organization: yes")),
    Faulty("an organization without a value", source("organization:")),
    Faulty("an ARN for the organization's role", source(f"organization: {{role: '{ARN}'}}")),
    Faulty("an account that is a number", source("organization: {accounts: [111122223333]}")),
    Faulty("an account that is too short", source("organization: {accounts: ['1111']}")),
    Faulty("an account twice", source("organization: {accounts: ['111122223333', '111122223333']}")),
    Faulty("insecure that is yes", source("insecure: yes")),
    Faulty("a concurrency of none", source("concurrency: 0")),
    Faulty("a concurrency in words", source("concurrency: many")),
    Faulty("a concurrency with a fraction", source("concurrency: 1.5")),
    Faulty("a time limit of two days", source("time_limit: 172800")),
    Faulty("an empty profile", source("profile: ''")),
    Faulty("a policy that is a list", f"{HEAD}policy: [kek_max_days]\n{SOURCES}"),
    Faulty("a policy without a value", f"{HEAD}policy:\n{SOURCES}"),
    Faulty("a threshold that is true", policy("kek_max_days: true")),
    Faulty("a threshold that is a mapping", policy("kek_max_days: {days: 1}")),
    Faulty("a threshold that lists numbers", policy("approved_accounts: [111122223333]")),
    Faulty("a threshold without a value", policy("kek_max_days:")),
    Faulty("a threshold that is empty", policy("owner_tag: ''")),
    Faulty("a sample without buckets", source("sample: {objects: 5}")),
    Faulty("a sample of too much", source("sample: {objects: 5000, buckets: [a]}")),
    Faulty("a token without a module", f"{HEAD}sources: {{pkcs11: [{{name: root, token: root}}]}}\n"),
    Faulty(
        "two tokens with one label",
        f"{HEAD}sources: {{pkcs11: [{{name: a, module: a.so, token: r}}, {{name: b, module: b.so, token: r}}]}}\n",
        schema=False,
    ),
    Faulty("a database without a DSN", f"{HEAD}sources: {{postgres: [{{name: voice}}]}}\n"),
    Faulty(
        "rows of a database that nobody described",
        f"{HEAD}sources: {{postgres: [{{name: voice, dsn: {{env: DSN}}, sample: {{rows: 9}}}}]}}\n",
    ),
    Faulty("an edge without a parent", proving("hierarchy: [{child: a}]")),
    Faulty("a self-test of no source", proving("selftest: {aws: [{source: mian, key: alias/a}]}"), schema=False),
    Faulty("a self-test of an unknown token", proving("selftest: {pkcs11: [{source: main, key: a}]}"), schema=False),
    Faulty(
        "a self-test given twice",
        proving("selftest: {aws: [{source: main, key: a}, {source: main, key: a}]}"),
        schema=False,
    ),
    Faulty(
        "a self-test of a database without its keys",
        proving("selftest: {postgres: [{source: voice, keys: main}]}"),
        schema=False,
    ),
    Faulty(
        "a scratch schema that is no name",
        proving("selftest: {aws: [{source: main, key: a}], postgres: [{source: voice, keys: main, schema: A-b}]}"),
    ),
    Faulty("two faults", f"{HEAD}{SOURCES}      concurrency: 0\n      time_limit: 0\n"),
)
"""What is in the subset of YAML, and not in the schema."""

SECRETS = (
    Faulty("a secret in plain text", source(f"role_arn: {ARN}", "external_id: hunter2-hunter2")),
    Faulty("a secret by two references", source(f"role_arn: {ARN}", "external_id: {env: A, file: b}")),
    Faulty("a secret by no reference", source(f"role_arn: {ARN}", "external_id: {}")),
    Faulty("a secret by an unknown reference", source(f"role_arn: {ARN}", "external_id: {vault: a}")),
    Faulty("a secret by an empty reference", source(f"role_arn: {ARN}", "external_id: {env: }")),
    Faulty("a secret as the name of a variable", source(f"role_arn: {ARN}", "external_id: {env: hunter2-hunter2}")),
)
"""Secrets that are not by reference."""

PLAIN = (
    ("a secret access key", source("profile: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), "wJalrXUtnFEMI"),
    ("an access key id", source("profile: AKIAIOSFODNN7EXAMPLE"), "AKIAIOSFODNN7"),
    ("a temporary access key id", source("# ASIAIOSFODNN7EXAMPLE"), "ASIAIOSFODNN7"),
    ("a private key", source("ca_bundle: |", "  -----BEGIN RSA PRIVATE KEY-----", "  MIIEhunter2"), "MIIEhunter2"),
    ("a key of OpenAI", source("profile: sk-proj-abcdefghijklmnopqrstuv"), "abcdefghijklm"),
    ("a token of GitHub", source("profile: ghp_abcdefghijklmnopqrstuvwxyzABCDEFGHIJ"), "abcdefghijklm"),
    ("a token of Slack", source("profile: xoxb-123456789012-abcdef"), "123456789012"),
    ("a key of Google", source("profile: AIzaSyA-1234567890abcdefghijklmnopqrstu"), "1234567890abc"),
    ("a JSON web token", source("profile: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc"), "eyJzdWIiOiIx"),
    ("a URL with a password", source("endpoint_url: https://admin:hunter2@kms.example.com"), "hunter2"),
    ("a URL with a token", source("endpoint_url: https://:hunter2@kms.example.com"), "hunter2"),
    ("a secret that is a key", source("AKIAIOSFODNN7EXAMPLE: x"), "AKIAIOSFODNN7"),
    ("a secret written with escapes", source(r'profile: "\x41KIAIOSFODNN7EXAMPLE"'), "IOSFODNN7"),
    ("a secret over two lines", source('profile: "AKIAIOSFOD\\', '  NN7EXAMPLE"'), "IOSFOD"),
    ("a secret in a comment", f"{GOOD}# was AKIAIOSFODNN7EXAMPLE\n", "AKIAIOSFODNN7"),
)
"""Secrets in plain text: name, file, and what must not be repeated."""

URLS = (
    Faulty("http to a remote host", source("endpoint_url: http://kms.example.com")),
    Faulty("http to a private address", source("endpoint_url: http://10.0.0.1:4566")),
    Faulty("http to all addresses", source("endpoint_url: http://0.0.0.0:4566")),
    Faulty("http to a name like this machine's", source("endpoint_url: http://localhost.example.com")),
    Faulty("a file", source("endpoint_url: file:///etc/passwd")),
    Faulty("another scheme", source("endpoint_url: ftp://kms.example.com")),
    Faulty("no scheme", source("endpoint_url: kms.example.com")),
    Faulty("a URL with a user", source("endpoint_url: https://admin@kms.example.com")),
    Faulty("a URL with a query", source("endpoint_url: https://kms.example.com/?a=b")),
    Faulty("a URL with a fragment", source("endpoint_url: 'https://kms.example.com/#a'")),
    Faulty("a URL without a host", source("endpoint_url: 'https://'")),
    Faulty("a URL with a bad port", source("endpoint_url: https://kms.example.com:port"), schema=False),
    Faulty("a URL with port 0", source("endpoint_url: https://kms.example.com:0"), schema=False),
    Faulty("a URL with a bad address", source("endpoint_url: 'https://[::1'"), schema=False),
    Faulty("a URL with spaces", source("endpoint_url: 'https://kms .example.com'")),
    Faulty("a URL with a backslash", source(r"endpoint_url: https://kms.example.com\.example.org"), schema=False),
    Faulty("a URL with letters of elsewhere", source("endpoint_url: https://kms。example.com"), schema=False),
    Faulty("the metadata service", source("endpoint_url: https://169.254.169.254"), schema=False),
)
"""Endpoints that are not allowed."""

FAULTY = (
    *NOT_YAML,
    *SHAPE,
    *SECRETS,
    *(Faulty(name, text, schema=False) for name, text, _ in PLAIN),
    *URLS,
    Faulty("an unknown threshold", policy("kek_max_day: 1"), schema=False),
    Faulty("a threshold of the wrong type", policy("kek_max_days: a year"), schema=False),
    Faulty("a threshold that is not a list", policy("approved_accounts: '111122223333'"), schema=False),
    Faulty("a pattern of stores that says nothing", f"{HEAD}stores:\n  - {{match: '*'}}\n{SOURCES}", schema=False),
    Faulty("a class of data that nobody knows", f"{HEAD}stores:\n  - {{match: a, sensitivity: [secret]}}\n{SOURCES}"),
    Faulty("a secret that is not there", source(f"role_arn: {ARN}", "external_id: {env: KEYAUDIT_NOWHERE}"), False),
    Faulty("a certificate file that is not there", source("ca_bundle: /nowhere/ca.pem"), schema=False),
)
