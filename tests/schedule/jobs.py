"""Jobs to write units for, plain and hostile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from scanner.model.schedule import at_time
from scanner.schedule.job import Job

PLAIN = Job(
    profile="nightly",
    schedule=at_time("02:30", "day", "Europe/Berlin"),
    estate=PurePosixPath("/srv/audit/estate.yaml"),
    writable=(PurePosixPath("/var/lib/keyaudit/nightly"),),
    program=PurePosixPath("/bin/true"),
    version="0.1.0",
    repository=PurePosixPath("/srv/audit"),
)
RICH = replace(
    PLAIN,
    writable=(PurePosixPath("/var/lib/keyaudit/nightly"), PurePosixPath("/var/lib/keyaudit")),
    variables=("HSM_PIN", "KEYAUDIT_STORE"),
    files=("/etc/keyaudit/slack",),
    keyrings=("mail",),
    extras=("hsm", "postgres"),
    image="registry.example.com/keyaudit@sha256:" + "0" * 64,
    aws=True,
    aws_policy='{"Statement": [{"Effect": "Allow", "Action": ["kms:ListKeys"], "Resource": "*"}]}',
    roles=("arn:aws:iam::*:role/keyaudit-audit",),
)
HOSTILE = replace(
    RICH,
    profile="""n %h $X ${{ secrets.A }} $(B) '"; touch /x #""",
    estate=PurePosixPath("""/srv/audit/a "b'% $x/${{ e }} - x: #.yaml"""),
    writable=(PurePosixPath("""/data/s t%"'$a/x"""),),
)
