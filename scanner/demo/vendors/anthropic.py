"""A simulated Anthropic: an organization's settings for its administrator, and the files of a workspace for its key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from scanner.demo.vendors.routes import Asked, Body, Refusal, Route, after, numbered, route, written
from scanner.demo.vendors.world import Anthropic, ApiKey, ExternalKey, Project


def _admin(asked: Asked) -> Anthropic:
    world: Anthropic = asked.vendor
    if asked.key != world.admin_key:
        raise Refusal(401)
    return world


def _by_id(asked: Asked, items: Sequence[Body]) -> Body:
    page, more = after(items, "id", asked.first("after_id"), asked.size("limit"))
    ends = {"first_id": page[0]["id"] if page else None, "last_id": page[-1]["id"] if page else None}
    return {"data": page, "has_more": more, **ends}


def _by_token(asked: Asked, items: Sequence[Body]) -> Body:
    page, token = numbered(items, asked.first("page"), asked.size("limit"), "page_")
    return {"data": page, "next_page": token}


def _me(asked: Asked) -> Body:
    world = _admin(asked)
    return {"id": world.id, "type": "organization", "name": world.name}


def _workspaces(asked: Asked) -> Body:
    archived = asked.first("include_archived") == "true"
    return _by_id(asked, [_workspace(asked, one) for one in _admin(asked).workspaces if archived or not one.archived])


def _workspace(asked: Asked, one: Project) -> Body:
    return {
        "id": one.id,
        "type": "workspace",
        "name": one.name,
        "created_at": written(asked.ago(one.age_days)),
        "archived_at": written(asked.now) if one.archived else None,
        "compartment_id": f"cmpt_{one.id}",
        "data_residency": {
            "allowed_inference_geos": one.inference or "unrestricted",
            "default_inference_geo": "us",
            "workspace_geo": one.residency,
        },
        "display_color": "#6C5BB9",
        "external_key_id": one.external_key or None,
        "tags": one.tags,
    }


def _external_keys(asked: Asked) -> Body:
    world = _admin(asked)
    return _by_token(asked, [_external_key(asked, world, one) for one in world.external_keys])


def _external_key(asked: Asked, world: Anthropic, key: ExternalKey) -> Body:
    used = any(one.external_key == key.id for one in world.workspaces)
    config: Body = {"type": "gcp", "key_name": key.key}
    if key.cloud == "aws":
        config = {"type": "aws", "kms_arn": key.arn, "region": key.arn.split(":")[3]}
    elif key.cloud == "azure":
        tenant = "00000000-0000-0000-0000-000000000000"
        config = {"type": "azure", "vault_uri": key.vault, "key_name": key.key, "tenant_id": tenant}
    at = written(asked.ago(key.age_days))
    return {
        "id": key.id,
        "type": "external_key",
        "display_name": key.name,
        "attachment": {"type": "attached" if used else "unattached"},
        "geo": key.geo,
        "provider_config": config,
        "created_at": at,
        "updated_at": at,
    }


def _keys(asked: Asked) -> Body:
    world = _admin(asked)
    own = [_key(asked, one, {"type": "organization"}) for one in world.organization_keys]
    of_workspaces = [
        _key(asked, key, {"type": "workspace", "workspace_id": one.id}) for one in world.workspaces for key in one.keys
    ]
    return _by_id(asked, [*own, *of_workspaces])


def _key(asked: Asked, key: ApiKey, scope: Body) -> Body:
    end = key.expires_in_days
    who = {"type": "service_account_actor", "service_account_id": key.owner} if key.owner else None
    return {
        "id": key.id,
        "type": "api_key",
        "name": key.name,
        "created_at": written(asked.ago(key.age_days)),
        "created_by": {"id": "user_simulated", "type": "user"},
        "expires_at": written(asked.now + timedelta(days=end)) if end is not None else None,
        "partial_key_hint": f"sk-ant-...{key.id[-4:]}",
        "principal": who or {"type": "user_actor", "user_id": "user_simulated"},
        "scope": scope,
        "status": "active" if key.active else "inactive",
    }


def _compliance(asked: Asked) -> Body:
    state = "enabled" if _admin(asked).compliance else "disabled"
    return {"type": "compliance_settings", "state": {"type": state}}


def _files(asked: Asked) -> Body:
    world: Anthropic = asked.vendor
    if not world.project_key or asked.key != world.project_key:
        raise Refusal(401)
    return _by_token(
        asked,
        [
            {
                "id": f"file_{i}",
                "type": "file",
                "filename": "jane-doe.pdf",
                "mime_type": "application/pdf",
                "size_bytes": 1024,
                "created_at": written(asked.ago(age)),
                "expires_at": None,
            }
            for i, age in enumerate(world.files)
        ],
    )


ROUTES: tuple[Route, ...] = (
    route("anthropic:RetrieveOrganization", "/v1/organizations/me", _me),
    route("anthropic:ListWorkspaces", "/v1/organizations/workspaces", _workspaces),
    route("anthropic:ListExternalKeys", "/v1/organizations/external_keys", _external_keys),
    route("anthropic:ListApiKeys", "/v1/organizations/api_keys", _keys),
    route("anthropic:RetrieveComplianceSettings", "/v1/organizations/compliance_settings", _compliance),
    route("anthropic:ListFiles", "/v1/files", _files),
)
