"""Ready units for other schedulers, from the templates in `templates/schedule`. Pure; holds no secret."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from scanner.errors import UsageError
from scanner.model.artifact import Artifact
from scanner.model.schedule import Target
from scanner.resources import templates_dir
from scanner.schedule import dialects, quote
from scanner.schedule.job import Job, check_text, check_width

ALERT_CODES = (
    "1 keyaudit failed, 2 bad usage or configuration, 3 evidence incomplete, 4 a notification waits, "
    "10 a control failed, 75 overlap"
)
"""Exit codes of `keyaudit run` but 0: a scheduler alerts about each."""


def export(job: Job, target: Target) -> tuple[Artifact, ...]:
    """Return the files for a scheduler. Raises UsageError for what it cannot hold."""
    for what, text in (
        ("the profile", job.profile),
        ("the estate", str(job.estate)),
        ("the program", str(job.program)),
        *(("the folder", str(path)) for path in job.writable),
        *(("the image", image) for image in (job.image,) if image),
    ):
        check_text(what, text)
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", job.user):
        raise UsageError(f"{job.user!r} is no name of a user", hint="name one such as keyaudit")
    for path in job.writable:
        check_width(path)
    return _MAKERS[target](job)


def _systemd(job: Job) -> tuple[Artifact, ...]:
    if set("'\"") & set(str(job.program)):
        raise UsageError(
            f"systemd starts no program with quotes in its path: {job.program}", hint="name another by --program"
        )
    values = {
        "job": job,
        "on_calendar": dialects.on_calendar(job.schedule),
        "state": sorted(str(path.relative_to("/var/lib")) for path in job.writable if _made(path)),
        "others": [path for path in job.writable if not _made(path)],
        "home": any(str(path).startswith(("/home/", "/root/")) for path in (job.estate, job.program, *job.writable)),
    }
    return tuple(
        Artifact(f"{job.unit}.{kind}", "text/plain", _render(f"systemd.{kind}.j2", values))
        for kind in ("service", "timer")
    )


def _made(path: PurePosixPath) -> bool:
    """Tell whether systemd can make the folder itself, as a StateDirectory."""
    return re.fullmatch(r"/var/lib/[A-Za-z0-9._/-]+", str(path)) is not None


def _cron(job: Job) -> tuple[Artifact, ...]:
    variables = f"set -a; . /etc/keyaudit/{job.unit}.env; set +a; " if job.variables else ""
    words = (str(job.program), "run", job.profile, "--estate", str(job.estate))
    command = f"cd {quote.shell(str(job.estate.parent))} && {{ {variables}{' '.join(map(quote.shell, words))}; }}"
    values = {"job": job, "cron": dialects.cron(job.schedule), "command": quote.crontab(command)}
    return (Artifact(job.unit, "text/plain", _render("cron.j2", values)),)


def _kubernetes(job: Job) -> tuple[Artifact, ...]:
    values = {
        "job": job,
        "cron": dialects.cron(job.schedule),
        "folder": str(job.container_folder),
        "image": _image(job),
    }
    return (Artifact(f"{job.unit}.yaml", "application/yaml", _render("kubernetes.yaml.j2", values)),)


def _checked_out(job: Job) -> str:
    if not job.estate.is_relative_to(job.repository):
        raise UsageError(
            f"{job.estate} is not in {job.repository}, so a checkout does not have it",
            hint="run this in the root of the repository that holds the estate",
        )
    return _in_checkout(job, job.estate)


def _in_checkout(job: Job, path: PurePosixPath) -> str:
    return str(path.relative_to(job.repository) if path.is_relative_to(job.repository) else path)


def _github(job: Job) -> tuple[Artifact, ...]:
    extras = f"[{','.join(job.extras)}]" if job.extras else ""
    values = {
        "job": job,
        "cron": dialects.cron(job.schedule),
        "package": f"keyaudit{extras}=={job.version}",
        "estate": _checked_out(job),
        "folder": _in_checkout(job, job.writable[0]),
    }
    return (Artifact(f"{job.unit}.yml", "application/yaml", _render("github-actions.yml.j2", values)),)


def _event_bridge(job: Job) -> tuple[Artifact, ...]:
    values = {
        "job": job,
        "expression": dialects.event_bridge(job.schedule),
        "folder": str(job.container_folder),
        "image": _image(job),
        "statements": json.loads(job.aws_policy)["Statement"] if job.aws_policy else [],
        "secrets_": [(f"Secret{i}", name) for i, name in enumerate(job.variables, start=1)],
    }
    return (Artifact(f"{job.unit}.template.yaml", "application/yaml", _render("eventbridge.yaml.j2", values)),)


def _image(job: Job) -> str:
    return job.image or f"keyaudit:{job.version}"


_MAKERS: Mapping[Target, Callable[[Job], tuple[Artifact, ...]]] = {
    Target.SYSTEMD: _systemd,
    Target.CRON: _cron,
    Target.KUBERNETES: _kubernetes,
    Target.GITHUB_ACTIONS: _github,
    Target.EVENTBRIDGE: _event_bridge,
}


def _render(template: str, values: Mapping[str, Any]) -> bytes:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(templates_dir() / "schedule"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - no HTML; every value goes through the filter of its format
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for name in (
        "unit_word",
        "unit_program",
        "unit_line",
        "unit_path",
        "yaml_text",
        "kubernetes",
        "github",
        "shell",
        "comment",
    ):
        environment.filters[name] = _as_text(getattr(quote, name))
    environment.globals["codes"] = ALERT_CODES
    return environment.get_template(template).render(values).encode()


def _as_text(function: Callable[[str], str]) -> Callable[[object], str]:
    return lambda value: function(str(value))
