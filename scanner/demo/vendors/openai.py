"""A simulated OpenAI: an organization's settings for its administrator, and what a project keeps for its key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from scanner.demo.vendors.routes import Asked, Body, Refusal, Route, after, found, route, seconds
from scanner.demo.vendors.world import ApiKey, ExternalKey, OpenAi, Project


def _list(asked: Asked, items: Sequence[Body]) -> Body:
    page, more = after(items, "id", asked.first("after"), asked.size("limit"))
    ends = {"first_id": page[0]["id"] if page else None, "last_id": page[-1]["id"] if page else None}
    return {"object": "list", "data": page, **ends, "has_more": more}


def _admin(asked: Asked) -> OpenAi:
    world: OpenAi = asked.vendor
    if asked.key != world.admin_key:
        raise Refusal(401)
    return world


def _project(asked: Asked) -> Project:
    world: OpenAi = asked.vendor
    if not world.project_key or asked.key != world.project_key:
        raise Refusal(401)
    project: Project = found(world.projects, "id", world.project_of_key)
    return project


def _retention(asked: Asked) -> Body:
    return {"object": "organization.data_retention", "type": _admin(asked).retention}


def _projects(asked: Asked) -> Body:
    archived = asked.first("include_archived") == "true"
    return _list(asked, [_shown(asked, one) for one in _admin(asked).projects if archived or not one.archived])


def _shown(asked: Asked, project: Project) -> Body:
    return {
        "id": project.id,
        "object": "organization.project",
        "name": project.name,
        "created_at": seconds(asked.ago(project.age_days)),
        "archived_at": seconds(asked.now) if project.archived else None,
        "status": "archived" if project.archived else "active",
        "external_key_id": project.external_key or None,
        "residency": project.residency,
    }


def _project_retention(asked: Asked) -> Body:
    project: Project = found(_admin(asked).projects, "id", asked.names["project"])
    return {"object": "project.data_retention", "type": project.retention}


def _external_keys(asked: Asked) -> Body:
    world = _admin(asked)
    return _list(asked, [_external_key(asked, world, one) for one in world.external_keys])


def _external_key(asked: Asked, world: OpenAi, key: ExternalKey) -> Body:
    body: Body = {
        "id": key.id,
        "object": "organization.external_key",
        "name": key.name,
        "type": key.cloud,
        "purpose": key.purpose,
        "created_at": seconds(asked.ago(key.age_days)),
        "workspace_id": "ws_simulated",
        "api_project_ids": [one.id for one in world.projects if one.external_key == key.id],
    }
    if key.cloud == "aws":
        return {**body, "kms_arn": key.arn, "role_arn": "arn:aws:iam::111122223333:role/openai-ekm", "region": key.geo}
    if key.cloud == "azure":
        return {
            **body,
            "vault_uri": key.vault,
            "key_name": key.key,
            "tenant_id": "00000000-0000-0000-0000-000000000000",
        }
    parts = key.key.split("/")
    return {
        **body,
        "kms_project_id": parts[1],
        "kms_key_location": parts[3],
        "kms_key_ring_name": parts[5],
        "kms_key_name": parts[7],
    }


def _key(asked: Asked, key: ApiKey) -> Body:
    used, end = key.used_days_ago, key.expires_in_days
    return {
        "id": key.id,
        "name": key.name,
        "redacted_value": f"sk-...{key.id[-4:]}",
        "created_at": seconds(asked.ago(key.age_days)),
        "last_used_at": seconds(asked.ago(used)) if used is not None else None,
        "expires_at": seconds(asked.now + timedelta(days=end)) if end is not None else None,
    }


def _admin_keys(asked: Asked) -> Body:
    owner = {"object": "organization.user", "id": "user_simulated", "name": "Jane Doe", "role": "owner", "type": "user"}
    keys = _admin(asked).admin_keys
    return _list(asked, [{**_key(asked, one), "object": "organization.admin_api_key", "owner": owner} for one in keys])


def _project_keys(asked: Asked) -> Body:
    project: Project = found(_admin(asked).projects, "id", asked.names["project"])
    every = asked.first("owner_project_access") == "any"
    return _list(asked, [_project_key(asked, one) for one in project.keys if one.active or every])


def _project_key(asked: Asked, key: ApiKey) -> Body:
    created = seconds(asked.ago(key.age_days))
    person = {"id": "user_simulated", "name": "Jane Doe", "email": "jane.doe@example.com", "role": "member"}
    owner: Body = {"type": "user", "user": {**person, "created_at": created}}
    if key.owner:
        account = {"id": key.owner, "name": key.owner, "role": "member", "created_at": created}
        owner = {"type": "service_account", "service_account": account}
    access = "active" if key.active else "inactive"
    return {
        **_key(asked, key),
        "object": "organization.project.api_key",
        "owner": owner,
        "owner_project_access": access,
    }


def _certificates(asked: Asked) -> Body:
    return _list(
        asked,
        [
            {
                "id": one.id,
                "object": "organization.certificate",
                "name": one.name,
                "active": one.active,
                "created_at": seconds(asked.ago(one.age_days)),
                "certificate_details": {
                    "valid_at": seconds(asked.ago(one.age_days)),
                    "expires_at": seconds(asked.now + timedelta(days=one.expires_in_days)),
                },
            }
            for one in _admin(asked).certificates
        ],
    )


def _audit_logs(asked: Asked) -> Body:
    kinds = asked.query.get("event_types[]", [])
    actor = {
        "type": "api_key",
        "api_key": {"type": "user", "user": {"id": "user_simulated", "email": "jane@example.com"}},
    }
    return _list(
        asked,
        [
            {
                "id": one.id,
                "type": one.kind,
                "effective_at": seconds(asked.ago(one.days_ago)),
                "actor": {**actor, "api_key": {**actor["api_key"], "id": one.actor}},  # type: ignore[dict-item]
                one.kind: {"id": one.subject, "data": {"name": "said in the log"}},
            }
            for one in _admin(asked).events
            if not kinds or one.kind in kinds
        ],
    )


def _kept(asked: Asked, kind: str, prefix: str, created: str = "created_at") -> Body:
    ages = _project(asked).resources.get(kind, [])
    return _list(
        asked,
        [
            {"id": f"{prefix}-{i}", created: seconds(asked.ago(age)), "filename": "jane-doe.pdf", "expires_at": None}
            for i, age in enumerate(ages)
        ],
    )


ROUTES: tuple[Route, ...] = (
    route("openai:RetrieveDataRetention", "/v1/organization/data_retention", _retention),
    route("openai:ListProjects", "/v1/organization/projects", _projects),
    route(
        "openai:RetrieveProjectDataRetention", "/v1/organization/projects/{project}/data_retention", _project_retention
    ),
    route("openai:ListProjectApiKeys", "/v1/organization/projects/{project}/api_keys", _project_keys),
    route("openai:ListExternalKeys", "/v1/organization/external_keys", _external_keys),
    route("openai:ListAdminApiKeys", "/v1/organization/admin_api_keys", _admin_keys),
    route("openai:ListCertificates", "/v1/organization/certificates", _certificates),
    route("openai:ListAuditLogs", "/v1/organization/audit_logs", _audit_logs),
    route("openai:ListFiles", "/v1/files", lambda asked: _kept(asked, "files", "file")),
    route("openai:ListVectorStores", "/v1/vector_stores", lambda asked: _kept(asked, "vector_stores", "vs")),
    route("openai:ListBatches", "/v1/batches", lambda asked: _kept(asked, "batches", "batch")),
    route("openai:ListFineTuningJobs", "/v1/fine_tuning/jobs", lambda asked: _kept(asked, "fine_tuning_jobs", "ftjob")),
    route(
        "openai:ListStoredCompletions",
        "/v1/chat/completions",
        lambda asked: _kept(asked, "completions", "chatcmpl", "created"),
    ),
)
