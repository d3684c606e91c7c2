"""Whether a bucket's policy refuses plain HTTP, in the many ways in which that is spelled, and in those that fail."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.normalize.aws.bucket_policy import MalformedPolicyError, refuses_plain_http
from scanner.normalize.aws.policy_actions import glob
from tests.normalize.builders import PROPERTY

BUCKET = "arn:aws:s3:::voice"
BOTH = [BUCKET, f"{BUCKET}/*"]
PLAIN = {"Bool": {"aws:SecureTransport": "false"}}


def deny(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any element
    """Return the Deny that AWS documents, but for ``fields`` (None: left out)."""
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": BOTH, "Condition": PLAIN}
    return {name: value for name, value in {**statement, **fields}.items() if value is not None}


def under(condition: dict[str, Any]) -> list[dict[str, Any]]:
    return [deny(Condition=condition)]


def reads(*statements: dict[str, Any]) -> bool | None:
    return refuses_plain_http(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), BUCKET)


REFUSED: dict[str, list[dict[str, Any]]] = {
    "as documented": [deny()],
    "principal as an object": [deny(Principal={"AWS": "*"})],
    "everybody among others": [deny(Principal={"AWS": ["arn:aws:iam::111122223333:root", "*"]})],
    "all actions of all services": [deny(Action="*")],
    "case of the service": [deny(Action="S3:*")],
    "a list that names all": [deny(Action=["s3:GetObject", "s3:*"])],
    "no action left out": [deny(Action=None, NotAction="sts:*")],
    "every resource": [deny(Resource="*")],
    "one pattern for both": [deny(Resource=f"{BUCKET}*")],
    "every bucket": [deny(Resource="arn:aws:s3:::*")],
    "any partition": [deny(Resource=["arn:*:s3:::voice", "arn:*:s3:::voice/*"])],
    "objects whose names are not empty": [deny(Resource=[BUCKET, f"{BUCKET}/?*"])],
    "two statements": [deny(Resource=BUCKET), deny(Resource=f"{BUCKET}/*")],
    "other resources spared": [deny(Resource=None, NotResource=["arn:aws:s3:::other", "arn:aws:s3:::other/*"])],
    "without a condition": [deny(Condition=None)],
    "a JSON boolean": under({"Bool": {"aws:SecureTransport": False}}),
    "a list": under({"Bool": {"aws:SecureTransport": ["false"]}}),
    "either value": under({"Bool": {"aws:SecureTransport": ["false", "true"]}}),
    "case of the key": under({"bool": {"AWS:securetransport": "false"}}),
    "if it exists": under({"BoolIfExists": {"aws:SecureTransport": "false"}}),
    "with a set operator": under({"ForAnyValue:Bool": {"aws:SecureTransport": "false"}}),
    "that the key is there": under({"Null": {"aws:SecureTransport": "false"}}),
    "that it is there and false": under({"Null": {"aws:SecureTransport": "false"}, **PLAIN}),
    "beside other statements": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"},
        deny(Action="s3:PutObject"),
        deny(),
    ],
    "beside a Deny of something else": [
        deny(),
        deny(Condition={"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
    ],
}
NOT_REFUSED: dict[str, list[dict[str, Any]]] = {
    "only an Allow over TLS": [
        {**deny(), "Effect": "Allow", "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    ],
    "an Allow where a Deny was meant": [{**deny(), "Effect": "Allow"}],
    "the wrong way round": under({"Bool": {"aws:SecureTransport": "true"}}),
    "the bucket alone": [deny(Resource=BUCKET)],
    "its objects alone": [deny(Resource=f"{BUCKET}/*")],
    "a part of its objects": [deny(Resource=[BUCKET, f"{BUCKET}/calls/*"])],
    "objects with a slash": [deny(Resource=[BUCKET, f"{BUCKET}/*/*"])],
    "objects with one letter": [deny(Resource=[BUCKET, f"{BUCKET}/?"])],
    "objects in a folder by a variable": [deny(Resource=[BUCKET, f"{BUCKET}/${{aws:userid}}/*"])],
    "objects by a variable": [deny(Resource=[BUCKET, f"{BUCKET}/${{aws:userid}}"])],
    "another bucket": [deny(Resource=["arn:aws:s3:::other", "arn:aws:s3:::other/*"])],
    "a bucket that begins so": [deny(Resource=["arn:aws:s3:::voice2", "arn:aws:s3:::voice2/*"])],
    "the bucket spared": [deny(Resource=None, NotResource=BUCKET)],
    "a part of its objects spared": [deny(Resource=None, NotResource=f"{BUCKET}/public/*")],
    "perhaps the bucket spared": [deny(Resource=None, NotResource="arn:aws:s3:::v*")],
    "perhaps its objects spared": [deny(Resource=BUCKET), deny(Resource=None, NotResource="arn:aws:s3:::v*")],
    "no resource at all": [deny(Resource=None)],
    "reading alone": [deny(Action="s3:GetObject")],
    "some actions": [deny(Action=["s3:Get*", "s3:Put*", "s3:List*"])],
    "another service": [deny(Action="kms:*")],
    "an action left out": [deny(Action=None, NotAction=["s3:GetObject"])],
    "all actions left out": [deny(Action=None, NotAction="*")],
    "one principal": [deny(Principal={"AWS": "arn:aws:iam::111122223333:root"})],
    "a service": [deny(Principal={"Service": "*"})],
    "everybody but one": [deny(Principal=None, NotPrincipal={"AWS": "arn:aws:iam::111122223333:root"})],
    "everybody but everybody": [deny(Principal=None, NotPrincipal="*")],
    "one network spared": under({**PLAIN, "NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
    "services of AWS spared": under({"Bool": {"aws:SecureTransport": "false", "aws:PrincipalIsAWSService": "false"}}),
    "an organization spared": under({**PLAIN, "StringNotEquals": {"aws:PrincipalOrgID": "o-1234567890"}}),
    "that the key is missing": under({"Null": {"aws:SecureTransport": "true"}}),
    "that it is false and missing": under({**PLAIN, "Null": {"aws:SecureTransport": "true"}}),
    "another key": under({"Bool": {"aws:MultiFactorAuthPresent": "false"}}),
}
UNKNOWN: dict[str, list[dict[str, Any]]] = {
    "compared as text": under({"StringEquals": {"aws:SecureTransport": "false"}}),
    "compared as text, negated": under({"StringNotEquals": {"aws:SecureTransport": "true"}}),
    "in another case": under({"Bool": {"aws:SecureTransport": "FALSE"}}),
    "as a number": under({"Bool": {"aws:SecureTransport": 0}}),
    "by the version of TLS alone": under({"NumericLessThanIfExists": {"s3:TlsVersion": "1.2"}}),
    "one half for certain": [deny(Resource=BUCKET), *under({"StringEquals": {"aws:SecureTransport": "false"}})],
}
CASES = [
    (name, statements, wanted)
    for table, wanted in ((REFUSED, True), (NOT_REFUSED, False), (UNKNOWN, None))
    for name, statements in table.items()
]


@pytest.mark.parametrize(("statements", "wanted"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_policy_refuses_plain_http_or_does_not(statements: list[dict[str, Any]], wanted: bool | None) -> None:
    assert reads(*statements) is wanted


def test_a_single_statement_needs_no_list() -> None:
    assert refuses_plain_http(json.dumps({"Statement": deny()}), BUCKET) is True


def test_a_pattern_that_names_the_sample_itself_covers_nothing() -> None:
    assert reads(deny(Resource=[BUCKET, f"{BUCKET}/\ue000*"])) is False
    assert reads(deny(Action="s3:\ue000*")) is False


MALFORMED = ["", "{}", "not JSON", '{"Statement": []}', '{"Statement": [{"Effect": "Deny"}]}']


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_no_policy_is_not_read(text: str) -> None:
    with pytest.raises(MalformedPolicyError):
        refuses_plain_http(text, BUCKET)


# What is said to be refused is refused: held against requests one by one.
CALLERS = ["*", "arn:aws:iam::111122223333:root"]
ACTIONS = ["s3:GetObject", "s3:ListBucket", "s3:PutObject"]
RESOURCES = [BUCKET, f"{BUCKET}/a", f"{BUCKET}/b/c"]
STATEMENTS = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny", "Deny"]),
        "Principal": st.sampled_from(["*", {"AWS": "*"}, {"AWS": CALLERS[1]}]),
        "Condition": st.sampled_from(
            [PLAIN, {}, {"Bool": {"aws:SecureTransport": "true"}}, {**PLAIN, "StringEquals": {"aws:userid": "x"}}]
        ),
    },
).flatmap(
    lambda base: st.tuples(
        st.sampled_from(["Action", "NotAction"]),
        st.lists(st.sampled_from(["*", "s3:*", "s3:Get*", "s3:?*", "kms:*", *ACTIONS]), min_size=1, max_size=3),
        st.sampled_from(["Resource", "NotResource"]),
        st.lists(
            st.sampled_from(["*", BUCKET, f"{BUCKET}*", f"{BUCKET}/*", f"{BUCKET}/?", f"{BUCKET}/b/*", "arn:aws:x"]),
            min_size=1,
            max_size=3,
        ),
    ).map(lambda parts: {**base, parts[0]: parts[1], parts[2]: parts[3]})
)


def denies(statement: dict[str, Any], caller: str, action: str, resource: str) -> bool:
    """Tell whether a statement denies one unencrypted request: IAM's rules over the little that the samples use."""
    named = any(glob(p.lower(), action.lower()) for p in statement.get("Action") or statement["NotAction"])
    about = any(glob(p, resource) for p in statement.get("Resource") or statement["NotResource"])
    condition = statement["Condition"]
    return (
        statement["Effect"] == "Deny"
        and (statement["Principal"] in ("*", {"AWS": "*"}) or statement["Principal"] == {"AWS": caller})
        and named != ("NotAction" in statement)
        and about != ("NotResource" in statement)
        and condition in (PLAIN, {})
    )


@given(st.lists(STATEMENTS, min_size=1, max_size=4))
@PROPERTY
def test_whatever_is_called_refused_denies_every_unencrypted_request(statements: list[dict[str, Any]]) -> None:
    let_through = [
        (caller, action, resource)
        for caller in CALLERS
        for action in ACTIONS
        for resource in RESOURCES
        if not any(denies(statement, caller, action, resource) for statement in statements)
    ]
    assert reads(*statements) is not True or let_through == []
