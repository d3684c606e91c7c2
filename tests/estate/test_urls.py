"""Which endpoints an estate may name, in every spelling of an address that a library understands."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scanner.estate.urls import check_url, is_loopback

METADATA = [
    "169.254.169.254",  # AWS, Azure, Google Cloud, and more
    "169.254.169.254.",  # with the root's dot
    "2852039166",  # decimal
    "0xa9fea9fe",  # hexadecimal
    "0XA9FEA9FE",
    "025177524776",  # octal
    "0xa9.0xfe.0xa9.0xfe",
    "0251.0376.0251.0376",
    "169.254.43518",  # the last two bytes as one number
    "169.16689662",
    "0251.254.0xa9.254",  # mixed
    "169.254.170.2",  # AWS, credentials of containers
    "169.254.170.23",
    "169.254.0.1",  # any other link-local address
    "100.100.100.200",  # Alibaba Cloud
    "1684301000",
    "168.63.129.16",  # Azure's wire server
    "192.0.0.192",
    "[::ffff:169.254.169.254]",  # IPv4 inside IPv6
    "[::ffff:a9fe:a9fe]",
    "[0:0:0:0:0:ffff:a9fe:a9fe]",
    "[::169.254.169.254]",
    "[64:ff9b::169.254.169.254]",  # NAT64
    "[2002:a9fe:a9fe::]",  # 6to4
    "[::ffff:100.100.100.200]",
    "[fd00:ec2::254]",  # AWS over IPv6
    "[fd00:0ec2:0::0254]",
    "[fd00:ec2::23]",
    "[fd20:ce::254]",
    "[fe80::1]",
    "metadata.google.internal",
    "METADATA.GOOGLE.INTERNAL",
    "metadata.google.internal.",
    "metadata",
    "instance-data",
    "instance-data.ec2.internal",
]


@pytest.mark.parametrize("host", METADATA)
@pytest.mark.parametrize("form", ["https://{}", "https://{}:80", "https://{}/latest/meta-data", "HTTPS://{}"])
def test_no_spelling_of_a_metadata_service_is_an_endpoint(host: str, form: str) -> None:
    with pytest.raises(ValueError, match="instance-metadata service"):
        check_url(form.format(host), insecure=True)


ALLOWED = [
    "https://kms.us-east-1.amazonaws.com",
    "https://vpce-0123.kms.us-east-1.vpce.amazonaws.com",
    "https://kms.example.com:8443/prefix",
    "https://10.0.0.1",
    "https://[2001:db8::1]:8443",
    "https://my_emulator",
    "http://127.0.0.1:4566",
    "http://[::1]:4566",
    "http://localhost",
    "http://LOCALHOST:4566",
]


@pytest.mark.parametrize("url", ALLOWED)
def test_an_endpoint_that_is_allowed_stays_as_it_is(url: str) -> None:
    assert check_url(url, insecure=False) == url
    assert check_url(f"{url}/", insecure=False) == url


@pytest.mark.parametrize("host", ["kms.example.com", "10.0.0.1", "127.0.0.1.example.com", "127.0.0.2", "127.1", "[::]"])
def test_plain_http_to_another_machine_needs_leave(host: str) -> None:
    with pytest.raises(ValueError, match="plain http is allowed only to this machine"):
        check_url(f"http://{host}", insecure=False)
    assert check_url(f"http://{host}", insecure=True) == f"http://{host}"


REFUSED = [
    ("", "must begin with https://"),
    ("kms.example.com", "must begin with https://"),
    ("//kms.example.com", "must begin with https://"),
    ("file:///etc/passwd", "must begin with https://"),
    ("ftp://kms.example.com", "must begin with https://"),
    ("javascript:alert(1)", "must begin with https://"),
    ("https://", "names no host"),
    ("https:///path", "names no host"),
    ("https://:443", "names no host"),
    ("https://kms.example.com:0", "no valid port"),
    ("https://kms.example.com:65536", "not a valid URL"),
    ("https://kms.example.com:port", "not a valid URL"),
    ("https://[::1", "not a valid URL"),
    ("https://[not-an-address]", "not a valid URL"),
    ("https://admin@kms.example.com", "user name or a password"),
    ("https://@kms.example.com", "user name or a password"),
    (r"https://kms.example.com\@169.254.169.254", "user name or a password"),
    ("https://kms.example.com?a", "no query and no fragment"),
    ("https://kms.example.com/?", "no query and no fragment"),
    ("https://kms.example.com/#", "no query and no fragment"),
    ("https://kms example.com", "spaces or control characters"),
    ("https://kms.example.com\n", "spaces or control characters"),
    ("https://kms.example.com\x1b[31m", "spaces or control characters"),
    ("https://kms.example\u202e.com", "spaces or control characters"),
    ("https://169%2e254.169.254", "letters, digits, dots and dashes"),
    ("https://169。254。169。254", "letters, digits, dots and dashes"),
    ("https://①⑥⑨.254.169.254", "letters, digits, dots and dashes"),
    (r"https://169.254.169.254\.example.com", "letters, digits, dots and dashes"),
    ("https://[fe80::1%25eth0]", "letters, digits, dots and dashes"),
]


@pytest.mark.parametrize(("url", "why"), REFUSED)
def test_what_is_not_allowed_is_told(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check_url(url, insecure=True)


@example("0/", "hunter22")
@given(st.text(max_size=30), st.text(min_size=8, max_size=12, alphabet="hunter2"))
def test_a_password_is_never_repeated(user: str, password: str) -> None:
    with pytest.raises(ValueError, match=r"URL") as caught:
        check_url(f"https://{user}:{password}@kms.example.com", insecure=True)
    assert password not in str(caught.value)


def test_this_machine_is_known_by_its_spelling_alone() -> None:
    assert [h for h in ("127.0.0.1", "::1", "localhost") if not is_loopback(h)] == []
    assert [h for h in ("127.0.0.2", "localhost.", "localhost.localdomain", "2130706433") if is_loopback(h)] == []
