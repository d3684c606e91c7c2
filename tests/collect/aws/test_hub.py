"""Credentials and clients: profiles, roles, private authorities, proxies, time-outs. Real botocore, real sockets."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner import __version__
from scanner.collect.aws.hub import FALLBACK_REGION, Hub, Timeouts
from scanner.collect.interface import CallError
from scanner.demo.aws.simulator import ENVIRON
from scanner.demo.embedded import environment
from scanner.model.observation import GapReason
from tests.collect.aws.running import EVERYTHING, IDENTITY, a_source, collect
from tests.collect.aws.servers import Answer, authority, forwarding, serving
from tests.support import REGION, a_key, a_world, simulated

NOBODY = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}
LISTED = Answer(b'{"Keys":[]}')


@pytest.fixture(autouse=True)
def _credentials() -> Iterator[None]:
    with environment(ENVIRON):
        yield


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An AWS configuration file in place of the credentials in the environment."""
    path = tmp_path / "config"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    return path


def hub(**given: object) -> Hub:
    return Hub(a_source("http://127.0.0.1:9", **given), EVERYTHING)


def connects(hub: Hub, role: str = "") -> CallError:
    with pytest.raises(CallError) as caught:
        hub.transport(role, REGION)
    return caught.value


# Regions.
def test_the_region_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
    assert hub().default_region() == "eu-west-3"


def test_the_region_of_a_profile(configured: Path) -> None:
    configured.write_text("[profile audit]\nregion = eu-west-1\n")
    assert hub(profile="audit").default_region() == "eu-west-1"


def test_no_region_anywhere(configured: Path) -> None:
    assert hub().default_region() == FALLBACK_REGION


# Credentials.
def test_an_unknown_profile(configured: Path) -> None:
    error = connects(hub(profile="missing"))
    assert (error.reason, error.code) == (GapReason.DENIED, "ProfileNotFound")
    assert "missing" in error.detail
    with pytest.raises(CallError):
        hub(profile="missing").default_region()


def test_a_configuration_that_cannot_be_read(configured: Path) -> None:
    configured.write_text("[profile audit\n")
    assert connects(hub(profile="audit")).code == "ConfigParseError"


PROCESS = [
    ("/no/such/program", "FileNotFoundError"),
    ("echo not-json", "JSONDecodeError"),
    ("echo {}", "CredentialRetrievalError"),
    ("echo '{\"Version\": 1}'", "CredentialRetrievalError"),
    ("false", "CredentialRetrievalError"),
]


@pytest.mark.parametrize(("command", "code"), PROCESS)
def test_a_credential_process_that_fails(configured: Path, command: str, code: str) -> None:
    configured.write_text(f"[profile audit]\ncredential_process = {command}\n")
    error = connects(hub(profile="audit"))
    assert (error.reason, error.code) == (GapReason.DENIED, code)


def test_a_source_logs_in_once_however_many_scopes_it_has(configured: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = tmp_path / "helper.py"
    script.write_text(
        f"open({str(log)!r}, 'a').write('x')\n"
        'print(\'{"Version": 1, "AccessKeyId": "AKIAHELPER", "SecretAccessKey": "s"}\')\n'
    )
    configured.write_text(f"[profile audit]\ncredential_process = {sys.executable} {script}\n")
    with serving(lambda _: LISTED) as server:
        one = Hub(a_source(server.url, profile="audit"), EVERYTHING)
        for region in ("us-east-1", "us-west-2", "eu-west-1"):
            transport = one.transport("", region)
            transport.send("kms:ListKeys", {})
            transport.close()
        assert ["AKIAHELPER" in request.headers["authorization"] for request in server.requests] == [True] * 3
    assert log.read_text() == "x"


def test_no_credentials_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    with environment(NOBODY), serving(lambda _: LISTED) as server:
        transport = Hub(a_source(server.url), EVERYTHING).transport("", REGION)
        with pytest.raises(CallError) as caught:
            transport.send("kms:ListKeys", {})
        assert server.requests == []
    assert (caught.value.reason, caught.value.code) == (GapReason.DENIED, "NoCredentialsError")


def test_a_role_that_was_not_assumed() -> None:
    error = connects(hub(), "arn:aws:iam::1:role/x")
    assert (error.reason, error.code) == (GapReason.DENIED, "RoleNotAssumed")


ROLE = "arn:aws:iam::111122223333:role/audit"


def test_a_role_is_used_once_it_was_assumed_and_its_newest_credentials_count() -> None:
    numbers = iter("12")

    def behave(request: object) -> Answer:
        return LISTED if b"Action=AssumeRole" not in getattr(request, "body", b"") else _assumed(next(numbers))

    with serving(behave) as server:
        one = Hub(a_source(server.url), EVERYTHING)
        for number in "12":
            first = one.transport("", REGION)
            first.send("sts:AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s"})
            role = one.transport(ROLE, REGION)
            role.send("kms:ListKeys", {})
            assert f"ASIA{number}/" in server.requests[-1].headers["authorization"]
            assert server.requests[-1].headers["x-amz-security-token"] == "token"
            first.close()
            role.close()


def _assumed(number: str) -> Answer:
    given = f"<AccessKeyId>ASIA{number}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>"
    given = f"<Credentials>{given}<SessionToken>token</SessionToken></Credentials>"
    body = f"<AssumeRoleResponse><AssumeRoleResult>{given}</AssumeRoleResult></AssumeRoleResponse>"
    return Answer(body.encode(), headers={"Content-Type": "text/xml"})


@pytest.mark.parametrize("missing", ["AccessKeyId", "SecretAccessKey", "SessionToken", "Credentials"])
def test_credentials_in_part_are_none(missing: str) -> None:
    body = (
        _assumed("1").body.replace(f"<{missing}>".encode(), b"<Other>").replace(f"</{missing}>".encode(), b"</Other>")
    )
    with serving(lambda _: Answer(body, headers={"Content-Type": "text/xml"})) as server:
        one = Hub(a_source(server.url), EVERYTHING)
        transport = one.transport("", REGION)
        transport.send("sts:AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s"})
        transport.close()
        assert connects(one, ROLE).code == "RoleNotAssumed"


def test_credentials_are_not_shown() -> None:
    with serving(lambda _: _assumed("1")) as server:
        one = Hub(a_source(server.url), EVERYTHING)
        transport = one.transport("", REGION)
        transport.send("sts:AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s"})
        transport.close()
    assert "secret'" not in repr(one)
    assert "'token'" not in repr(one)


# Endpoints and TLS.
@pytest.mark.parametrize(
    ("url", "code"),
    [("http://", "InvalidEndpoint"), ("http://203.0.113.1", "PlainHttpRefused"), ("ftp://x", "PlainHttpRefused")],
)
def test_wrong_endpoints(url: str, code: str) -> None:
    transport = Hub(a_source(url), EVERYTHING).transport("", REGION)
    with pytest.raises(CallError) as caught:
        transport.send("kms:ListKeys", {})
    assert (caught.value.reason, caught.value.code) == (GapReason.UNREACHABLE, code)


def test_a_region_that_is_no_name() -> None:
    transport = Hub(a_source(""), EVERYTHING).transport("", "no region!")
    with pytest.raises(CallError) as caught:
        transport.send("kms:ListKeys", {})
    assert caught.value.code == "InvalidRegionError"


def test_nobody_listens() -> None:
    with serving(lambda _: LISTED) as server:
        url = server.url
    transport = Hub(a_source(url), EVERYTHING).transport("", REGION)
    with pytest.raises(CallError) as caught:
        transport.send("kms:ListKeys", {})
    assert (caught.value.reason, caught.value.code) == (GapReason.UNREACHABLE, "EndpointConnectionError")


def test_an_untrusted_certificate_is_refused_and_nothing_is_sent(tmp_path: Path) -> None:
    with serving(lambda _: LISTED, context=authority(tmp_path).context) as server:
        transport = Hub(a_source(server.url), EVERYTHING).transport("", REGION)
        with pytest.raises(CallError) as caught:
            transport.send("kms:ListKeys", {})
        assert server.requests == []
    assert (caught.value.reason, caught.value.code, caught.value.retry) == (GapReason.UNREACHABLE, "SSLError", False)


def test_a_private_authority_is_trusted_when_named(tmp_path: Path) -> None:
    own = authority(tmp_path)
    with simulated(a_world(a_key("one"))) as aws, serving(forwarding(aws.url), context=own.context) as server:
        found = collect(tmp_path / "e", a_source(server.url, ca_bundle=str(own.bundle)))
    assert found.gaps == []
    assert found.asked["kms:DescribeKey"] == 1
    assert {answer.endpoint for answer in found.answers()} == {server.url}


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_authority_that_cannot_be_read(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "other.pem").write_text(content)
    with serving(lambda _: LISTED, context=authority(tmp_path).context) as server:
        source = a_source(server.url, ca_bundle=str(tmp_path / "other.pem"))
        found = collect(tmp_path / "e", source, wanted=IDENTITY)
        assert server.requests == []
    assert (found.gap.operation, found.gap.reason) == ("sts:GetCallerIdentity", GapReason.UNREACHABLE)
    assert found.gap.attempts == 1  # trying again helps nobody


# Proxies.
def test_plain_requests_go_through_the_proxy_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with simulated(a_world(a_key("one"))) as aws, serving(forwarding("")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        found = collect(tmp_path, a_source(aws.url))
        assert found.gaps == []
        assert {request.path for request in proxy.requests} == {f"{aws.url}/"}
        assert len(proxy.requests) == len(aws.requests)


def test_encrypted_requests_are_tunnelled_through_the_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = authority(tmp_path)
    with (
        simulated(a_world(a_key("one"))) as aws,
        serving(forwarding(aws.url), context=own.context) as server,
        serving(lambda _: LISTED) as proxy,
    ):
        monkeypatch.setenv("https_proxy", proxy.url)
        found = collect(tmp_path / "e", a_source(server.url, ca_bundle=str(own.bundle)))
        assert found.gaps == []
        assert {(request.method, request.path) for request in proxy.requests} == {
            ("CONNECT", server.url.removeprefix("https://"))
        }
        assert not any("authorization" in request.headers for request in proxy.requests)


def test_hosts_that_need_no_proxy_are_reached_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with simulated(a_world()) as aws, serving(lambda _: LISTED) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert collect(tmp_path, a_source(aws.url)).gaps == []
        assert proxy.requests == []


def test_a_proxy_that_is_not_there_is_named_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(lambda _: LISTED) as proxy:
        url = proxy.url
    monkeypatch.setenv("HTTP_PROXY", url.replace("http://", "http://user:hunter2@"))
    found = collect(tmp_path, a_source("http://127.0.0.1:5000"), wanted=IDENTITY)
    assert (found.gap.reason, found.gap.error_code) == (GapReason.UNREACHABLE, "ProxyConnectionError")
    assert "hunter2" not in found.gap.detail


# Requests.
def test_requests_say_who_asks() -> None:
    with serving(lambda _: LISTED) as server:
        transport = Hub(a_source(server.url), EVERYTHING).transport("", REGION)
        transport.send("kms:ListKeys", {})
        transport.close()
        assert f"keyaudit/{__version__}" in server.requests[0].headers["user-agent"]


def test_a_silent_server_is_given_up_after_the_time_that_was_given(tmp_path: Path) -> None:
    never = threading.Event()
    with serving(lambda _: Answer(hang=never)) as server:
        found = collect(tmp_path, a_source(server.url), wanted=IDENTITY, timeouts=Timeouts(connect=30, read=0.05))
        never.set()
    assert (found.gap.reason, found.gap.error_code, found.gap.attempts) == (
        GapReason.UNREACHABLE,
        "ReadTimeoutError",
        8,
    )


def test_api_models_of_the_home_directory_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = tmp_path / ".aws" / "models" / "kms" / "2014-11-01"
    planted.mkdir(parents=True)
    (planted / "service-2.json").write_text('{"metadata": {}, "operations": {}}')
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path / ".aws" / "models"))
    with serving(lambda _: LISTED) as server:
        transport = Hub(a_source(server.url), EVERYTHING).transport("", REGION)
        assert transport.send("kms:ListKeys", {}).status == 200
        transport.close()
