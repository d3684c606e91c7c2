"""Who a member of an IAM policy of Google Cloud is (docs.cloud.google.com/iam/docs/principal-identifiers)."""

from __future__ import annotations

import re
from dataclasses import dataclass

ANYBODY = frozenset({"allUsers", "allAuthenticatedUsers"})
"""Everybody on the Internet, and everybody with a Google account: they are who they say, and anybody can have one."""
NONE = "none"

_OWNED = re.compile(r"[^@]+@([a-z0-9.-]+)\.iam\.gserviceaccount\.com")
_AGENT = re.compile(r"service-([0-9]+)@[a-z0-9.-]+\.iam\.gserviceaccount\.com")
_NUMBERED = re.compile(r"([0-9]+)(?:-compute@developer|@cloudservices|@cloudbuild)\.gserviceaccount\.com")
_APP = re.compile(r"([a-z0-9.-]+)@appspot\.gserviceaccount\.com")
_KINDS = {
    "user": "user",
    "group": "other",
    "domain": "organization",
    "projectOwner": "account",
    "projectEditor": "account",
    "projectViewer": "account",
    "principal": "federated",
    "principalSet": "federated",
    "deleted": "other",
}
_ORGANIZATIONS = "principalSet://cloudresourcemanager.googleapis.com/organizations/"


@dataclass(frozen=True, slots=True)
class Member:
    """One member. None: not known."""

    name: str
    kind: str | None
    account: str | None
    """Project (id or number) of a service account, or ``none``."""
    foreign: bool | None
    """A service account of another project."""
    gone: bool = False
    """It was deleted and gets nothing."""

    @property
    def is_service(self) -> bool:
        """An agent of a service of Google's."""
        return self.kind == "service"


def member(name: str, project: str, number: str | None) -> Member:
    """Return who ``name`` is, seen from a project with an id and a number (None: not known)."""
    if name in ANYBODY:
        return Member(name, "any", NONE, foreign=False)
    prefix, _, rest = name.partition(":")
    if prefix == "serviceAccount" and not rest.startswith("//"):
        return _service_account(name, rest, project, number)
    if name.startswith(_ORGANIZATIONS):
        return Member(name, "organization", NONE, foreign=False)
    return Member(name, _KINDS.get(prefix), NONE, foreign=False, gone=prefix == "deleted")


def _service_account(name: str, email: str, project: str, number: str | None) -> Member:
    agent, numbered = _AGENT.fullmatch(email), _NUMBERED.fullmatch(email)
    if found := agent or numbered:
        kind = "service" if agent or "-compute@" not in email else "role"
        mine = None if number is None else found[1] == number
        account = None if mine is None else project if mine else found[1]
        return Member(name, kind, account, foreign=None if mine is None else not mine)
    if owner := _OWNED.fullmatch(email) or _APP.fullmatch(email):
        # A project below a domain, `example.com:voice`, is called `voice.example.com` there.
        domain, _, short = project.rpartition(":")
        mine = owner[1] == (f"{short}.{domain}" if domain else project)
        return Member(name, "role", project if mine else owner[1], foreign=not mine)
    return Member(name, "role", None, foreign=None)
