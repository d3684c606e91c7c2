"""Units for other schedulers, each read by what will read it: systemd, a shell, schemas, linters."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from cfnlint.api import ManualArgs, lint

from scanner.errors import UsageError
from scanner.model.schedule import Target, at_time
from scanner.schedule.export import export
from scanner.schedule.job import Job
from tests.schedule.jobs import HOSTILE, PLAIN, RICH

JOBS = {"plain": PLAIN, "rich": RICH, "hostile": HOSTILE}
each = pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")


def text(job: Job, target: Target, number: int = 0) -> str:
    return export(job, target)[number].data.decode()


def documents(job: Job, target: Target) -> list[Any]:
    return list(yaml.safe_load_all(text(job, target)))


def analyze(job: Job, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    names = []
    for file in export(job, Target.SYSTEMD):
        (folder / file.name).write_bytes(file.data)
        names.append(str(folder / file.name))
    service = names[:1] if arguments[0] == "security" else names
    return subprocess.run(["systemd-analyze", *arguments, *service], capture_output=True, text=True, check=False)


@needs_systemd
@each
def test_systemd_takes_the_units(job: Job, tmp_path: Path) -> None:
    program = tmp_path / "k %h $a"
    program.symlink_to("/bin/true")
    done = analyze(replace(job, program=PurePosixPath(program)), tmp_path, "verify")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
def test_systemd_would_tell_of_a_program_that_is_not_there(tmp_path: Path) -> None:
    done = analyze(replace(PLAIN, program=PurePosixPath("/nowhere/keyaudit")), tmp_path, "verify")
    assert done.returncode != 0
    assert "/nowhere/keyaudit is not executable" in done.stderr


def test_systemd_starts_no_program_with_quotes_in_its_path() -> None:
    with pytest.raises(UsageError, match="systemd starts no program with quotes in its path: /a/'b"):
        export(replace(PLAIN, program=PurePosixPath("/a/'b")), Target.SYSTEMD)


@needs_systemd
def test_systemd_finds_the_service_confined(tmp_path: Path) -> None:
    done = analyze(RICH, tmp_path, "security", "--offline=true", "--threshold=20", "--no-pager")
    assert done.returncode == 0, done.stdout[-200:]
    assert "Overall exposure level" in done.stdout


def settings(unit: str) -> dict[str, str]:
    return dict(re.findall(r"^([A-Za-z]+)=(.*)$", unit, re.MULTILINE))


def test_what_systemd_is_told() -> None:
    service = settings(text(RICH, Target.SYSTEMD))
    assert service["ExecStart"] == "/bin/true run nightly --estate /srv/audit/estate.yaml"
    assert service["WorkingDirectory"] == "/srv/audit"  # relative paths of secrets count from there
    assert service["EnvironmentFile"] == "/etc/keyaudit/keyaudit-nightly.env"
    assert service["StateDirectory"] == "keyaudit keyaudit/nightly"
    assert service["ProtectHome"] == "true"
    assert "ReadWritePaths" not in service
    assert "SuccessExitStatus" not in service  # each verdict but a pass is seen, unless a person says otherwise
    timer = settings(text(RICH, Target.SYSTEMD, 1))
    assert (timer["OnCalendar"], timer["Persistent"]) == ("*-*-* 02:30:00 Europe/Berlin", "true")
    assert settings(text(PLAIN, Target.SYSTEMD))["EnvironmentFile"] == "-/etc/keyaudit/keyaudit-nightly.env"


def test_folders_elsewhere_are_opened_by_name() -> None:
    job = replace(
        PLAIN, writable=(PurePosixPath("/data/a b"), PurePosixPath("/home/x/y")), estate=PurePosixPath("/home/x/e.yaml")
    )
    unit = text(job, Target.SYSTEMD)
    assert re.findall(r"^ReadWritePaths=(.*)$", unit, re.MULTILINE) == ['"/data/a b"', "/home/x/y"]
    assert "# Make the folder that it writes into: install -d -m 0700 -o keyaudit '/data/a b'\n" in unit
    assert settings(unit)["ProtectHome"] == "read-only"
    assert "StateDirectory" not in settings(unit)


def cron_line(job: Job) -> str:
    return text(job, Target.CRON).splitlines()[-1]


@pytest.mark.parametrize("job", [PLAIN, HOSTILE], ids=["plain", "hostile"])
def test_a_shell_runs_what_cron_hands_it(job: Job, tmp_path: Path) -> None:
    (folder := tmp_path / HOSTILE.estate.parent.name).mkdir()
    program = tmp_path / "p %r $a"
    program.write_text('#!/bin/sh\npwd\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    estate = PurePosixPath(folder / job.estate.name)
    line = cron_line(replace(job, program=PurePosixPath(program), estate=estate, variables=()))
    *fields, user, command = line.split(maxsplit=6)
    assert (" ".join(fields), user) == ("30 2 * * *", "keyaudit")
    assert re.search(r"(?<!\\)%", command) is None  # cron would end the command there
    done = subprocess.run(["sh", "-c", command.replace("\\%", "%")], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [str(folder), "run", job.profile, "--estate", str(estate)]


def test_what_cron_is_told() -> None:
    (file,) = export(RICH, Target.CRON)
    assert "." not in file.name  # cron passes over names with a dot
    assert {"CRON_TZ=Europe/Berlin", "MAILTO=root"} <= set(file.data.decode().splitlines())
    assert "set -a; . /etc/keyaudit/keyaudit-nightly.env; set +a; /bin/true run" in cron_line(RICH)


@each
def test_kubernetes_takes_the_manifest(job: Job) -> None:
    claim, cron = documents(job, Target.KUBERNETES)
    for document in (claim, cron):
        kubernetes_validate.validate(document, "1.37", strict=True)
    pod = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    literally = [one.replace("$$", "$") for one in container["args"]]
    assert literally == ["run", job.profile, "--estate", str(job.container_estate)]
    assert not any("$(" in one.replace("$$", "") for one in container["args"])
    assert container["volumeMounts"][1]["mountPath"] == str(job.container_folder)
    assert ("envFrom" in container) == bool(job.variables)
    assert container["image"] == (job.image or "keyaudit:0.1.0")


def test_kubernetes_would_refuse_a_manifest_that_is_wrong() -> None:
    _, cron = documents(PLAIN, Target.KUBERNETES)
    cron["spec"]["concurrency"] = "Forbid"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(cron, "1.37", strict=True)


def test_a_pod_is_confined_and_an_answer_is_final() -> None:
    _, cron = documents(RICH, Target.KUBERNETES)
    spec = cron["spec"]
    assert (spec["concurrencyPolicy"], spec["timeZone"]) == ("Forbid", "Europe/Berlin")
    job = spec["jobTemplate"]["spec"]
    assert job["podFailurePolicy"]["rules"][0]["onExitCodes"]["values"] == [1, 2, 3, 4, 10, 75]
    pod = job["template"]["spec"]
    assert (pod["restartPolicy"], pod["securityContext"]["runAsNonRoot"]) == ("Never", True)
    assert pod["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.fixture(scope="module")
def workflows() -> jsonschema.Draft7Validator:
    """The schema of SchemaStore, as the package check-jsonschema brings it."""
    schema = files("check_jsonschema") / "builtin_schemas" / "vendor" / "github-workflows.json"
    return jsonschema.Draft7Validator(json.loads(schema.read_text(encoding="utf-8")))


def workflow(job: Job) -> dict[str, Any]:
    (document,) = documents(job, Target.GITHUB_ACTIONS)
    # YAML 1.1 takes `on` for a boolean; GitHub does not.
    return {"on" if key is True else key: value for key, value in document.items()}


@each
def test_github_takes_the_workflow(job: Job, workflows: jsonschema.Draft7Validator) -> None:
    document = workflow(job)
    assert list(workflows.iter_errors(document)) == []
    assert list(workflows.iter_errors({**document, "permission": {}}))  # the schema can refuse
    run = document["jobs"]["run"]
    literally = {name: value.replace("${{ '${{' }}", "${{") for name, value in run["env"].items()}
    assert literally == {
        "KEYAUDIT_PROFILE": job.profile,
        "KEYAUDIT_ESTATE": str(job.estate.relative_to(job.repository)),
        "KEYAUDIT_FOLDER": str(job.writable[0]),
    }
    # What a person wrote reaches the shell by the environment alone.
    assert all("${{" not in step.get("run", "") and job.estate.name not in step.get("run", "") for step in run["steps"])


def test_a_workflow_may_do_little() -> None:
    document = workflow(RICH)
    assert document["permissions"] == {}
    assert document["on"]["schedule"] == [{"cron": "30 2 * * *", "timezone": "Europe/Berlin"}]
    assert document["jobs"]["run"]["permissions"] == {"contents": "read", "id-token": "write"}
    steps = document["jobs"]["run"]["steps"]
    uses = [step["uses"] for step in steps if "uses" in step]
    assert uses
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", one) for one in uses)
    assert [step["env"] for step in steps if step["name" if "name" in step else "uses"] == "Run the profile"] == [
        {name: f"${{{{ secrets.{name} }}}}" for name in RICH.variables}
    ]
    assert '"keyaudit[hsm,postgres]==0.1.0"' in text(RICH, Target.GITHUB_ACTIONS)


def test_a_workflow_without_aws_takes_no_token() -> None:
    plain = workflow(replace(PLAIN, schedule=at_time("02:30", "day")))
    assert plain["jobs"]["run"]["permissions"] == {"contents": "read"}
    assert plain["on"]["schedule"] == [{"cron": "30 2 * * *"}]


def test_an_estate_out_of_the_repository_is_refused() -> None:
    with pytest.raises(UsageError, match=r"/srv/audit/estate.yaml is not in /srv/other"):
        export(replace(PLAIN, repository=PurePosixPath("/srv/other")), Target.GITHUB_ACTIONS)


def template(job: Job) -> Any:  # noqa: ANN401 - a CloudFormation template
    class Loader(yaml.SafeLoader):
        """Takes the short forms of intrinsic functions for their arguments."""

    def function(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:  # noqa: ANN401 - any part of it
        if isinstance(node, yaml.SequenceNode):
            return {suffix: loader.construct_sequence(node, deep=True)}
        return {suffix: node.value}

    Loader.add_multi_constructor("!", function)
    return yaml.load(text(job, Target.EVENTBRIDGE), Loader)  # noqa: S506 - a safe loader


@each
def test_cloud_formation_takes_the_template(job: Job) -> None:
    (file,) = export(job, Target.EVENTBRIDGE)
    found = lint(file.data.decode(), config=ManualArgs(regions=["us-east-1"]))
    assert [f"{one.rule.id} {one.message}" for one in found] == []
    task = template(job)["Resources"]["Task"]["Properties"]["ContainerDefinitions"][0]
    assert task["Command"] == ["run", job.profile, "--estate", str(job.container_estate)]


def test_cloud_formation_would_refuse_a_template_that_is_wrong() -> None:
    (file,) = export(PLAIN, Target.EVENTBRIDGE)
    wrong = file.data.decode().replace("LaunchType: FARGATE", "LaunchKind: FARGATE")
    assert lint(wrong, config=ManualArgs(regions=["us-east-1"]))


def test_a_task_is_confined_and_its_role_reads() -> None:
    body = template(RICH)
    resources = body["Resources"]
    task = resources["Task"]["Properties"]["ContainerDefinitions"][0]
    assert (task["ReadonlyRootFilesystem"], task["User"]) == (True, "10001:10001")
    assert task["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert task["Secrets"] == [
        {"Name": "HSM_PIN", "ValueFrom": {"Ref": "Secret1"}},
        {"Name": "KEYAUDIT_STORE", "ValueFrom": {"Ref": "Secret2"}},
    ]
    assert {"Secret1", "Secret2"} <= set(body["Parameters"])
    policies = {one["PolicyName"]: one for one in resources["TaskRole"]["Properties"]["Policies"]}
    assert policies["read"]["PolicyDocument"]["Statement"] == json.loads(RICH.aws_policy)["Statement"]
    assert policies["assume"]["PolicyDocument"]["Statement"][0]["Resource"] == list(RICH.roles)
    schedule = resources["Schedule"]["Properties"]
    assert schedule["ScheduleExpression"] == "cron(30 2 * * ? *)"
    assert schedule["ScheduleExpressionTimezone"] == "Europe/Berlin"
    plain = template(PLAIN)["Resources"]
    assert [one["PolicyName"] for one in plain["TaskRole"]["Properties"]["Policies"]] == ["state"]
    assert "Policies" not in plain["ExecutionRole"]["Properties"]


@pytest.mark.parametrize("target", Target)
def test_secrets_are_told_by_name_in_comments(target: Target) -> None:
    comments = [line.lstrip("# ") for line in text(RICH, target).splitlines() if line.startswith("#")]
    assert {"HSM_PIN", "KEYAUDIT_STORE", "/etc/keyaudit/slack", "mail"} <= set(comments)
    plain = text(PLAIN, target)
    assert "The profile takes no secret from the environment." in plain
    assert "keyring" not in plain


@pytest.mark.parametrize("target", Target)
def test_a_unit_is_the_same_each_time_and_ends_in_a_line(target: Target) -> None:
    once, again = export(RICH, target), export(RICH, target)
    assert once == again
    assert all(re.search(rb"[^\n]\n\Z", file.data) and not file.data.startswith(b"\n") for file in once)


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (replace(PLAIN, profile="a\nb"), "the profile 'a\\nb' cannot be written"),
        (replace(PLAIN, estate=PurePosixPath("/a\\b/e.yaml")), "the estate"),
        (replace(PLAIN, program=PurePosixPath("/a\tb")), "the program"),
        (replace(PLAIN, writable=(PurePosixPath("/a\x1b"),)), "the folder"),
        (replace(PLAIN, image="a\nb"), "the image"),
        (replace(PLAIN, user="a b"), "'a b' is no name of a user"),
        (replace(PLAIN, user="a%n"), "'a%n' is no name of a user"),
        (replace(PLAIN, writable=(PurePosixPath("/var/lib"),)), "a run would have to write anywhere in /var/lib"),
    ],
)
@pytest.mark.parametrize("target", Target)
def test_what_no_unit_holds_is_refused(target: Target, job: Job, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        export(job, target)
