"""Deepgram: projects and their part in model improvement, keys and scopes, and the request log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scanner.collect.interface import Asking, Unit
from scanner.collect.vendors.asks import holds, listing, named
from scanner.collect.vendors.methods import Method, Pages, members
from scanner.model.estate import VendorSource
from scanner.model.operation import Operation, columns

NAME = "vendors.deepgram"
PROJECTS = "deepgram:ListProjects"
PROJECT = "deepgram:GetProject"
KEYS = "deepgram:ListKeys"
MEMBERS = "deepgram:ListMembers"
REQUESTS = "deepgram:ListRequests"

METHODS: Mapping[str, Method] = {
    PROJECTS: Method(path="/v1/projects", items="projects", keep=members("project_id", "name")),
    PROJECT: Method(path="/v1/projects/{project}", keep=members("project_id", "name", "mip_opt_out")),
    KEYS: Method(
        path="/v1/projects/{project}/keys",
        items="api_keys",
        query={"status": "active"},
        keep={
            "member": members("member_id", "email", "first_name", "last_name"),
            "api_key": members("api_key_id", "comment", "scopes", "tags", "created", "expiration_date"),
        },
    ),
    MEMBERS: Method(
        path="/v1/projects/{project}/members",
        items="members",
        keep=members("member_id", "scopes", "email", "first_name", "last_name"),
    ),
    REQUESTS: Method(
        path="/v1/projects/{project}/requests",
        items="requests",
        pages=Pages.NUMBER,
        limit=1000,
        keep=members("request_id", "created"),
        by_project=True,
    ),
}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name=PROJECTS,
        permissions=("deepgram: project:read",),
        feeds=(
            *columns("ai_services", "*", "name"),
            *columns("vendor_scopes", "*", "kind", "name", "active"),
            *columns("ai_services", "retained_by_provider", "retention_exceptions"),
        ),
        purpose="the projects that the key sees",
    ),
    Operation(
        name=PROJECT,
        permissions=("deepgram: project:read",),
        feeds=(
            *columns("vendor_scopes", "retention_mode", "zero_retention", "model_improvement"),
            *columns("ai_services", "retention_mode", "retained_by_provider", "retention_exceptions"),
            "vendor_resources.zero_retention",
        ),
        needs=(PROJECTS,),
        purpose="whether a project takes part in model improvement, and so lets Deepgram keep what it hears",
    ),
    Operation(
        name=KEYS,
        permissions=("deepgram: keys:read",),
        feeds=columns(
            "credentials", "*", "principal", "kind", "name", "active", "created_at", "expires", "expires_at", "service"
        ),
        kinds=("credentials.api_key", "credentials.admin_api_key"),
        needs=(PROJECTS,),
        drop=("/api_keys/*/member/email", "/api_keys/*/member/first_name", "/api_keys/*/member/last_name"),
        purpose="age, end and scopes of each project's keys",
    ),
    Operation(
        name=MEMBERS,
        permissions=("deepgram: members:read",),
        feeds=("vendor_scopes.administrators",),
        needs=(PROJECTS,),
        drop=("/members/*/email", "/members/*/first_name", "/members/*/last_name"),
        purpose="how many people may administer each project: numbers, no names",
    ),
    Operation(
        name=REQUESTS,
        permissions=("deepgram: usage:read",),
        feeds=columns(
            "vendor_resources",
            *("*", "scope_id", "kind", "holds_content", "zero_retention", "present", "items", "oldest_at"),
            "newest_at",
        ),
        kinds=("vendor_resources.request_log",),
        needs=(PROJECTS,),
        purpose="how many requests the log shows, and since when: no answer of any",
    ),
)


def scope_id(project: str) -> str:
    """Return the identifier of a project among scopes."""
    return f"deepgram:{project}"


def collect(asking: Asking, source: VendorSource) -> Iterator[Unit]:
    """Read every project that the key sees. Yields no further units."""
    del source  # one key reads everything; the second one, where there is one, is told to the transport

    def project(name: str) -> None:
        subject, params = scope_id(name), {"project": name}
        asking.call(PROJECT, {"project": name}, subject=subject, check=holds("project_id", str))
        for operation in (KEYS, MEMBERS, REQUESTS):
            for _ in listing(asking, METHODS, operation, dict(params), subject=subject):
                pass

    asking.each(project, named(listing(asking, METHODS, PROJECTS), "project_id"))
    yield from ()
