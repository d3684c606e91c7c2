"""A simulated Deepgram: projects, their part in model improvement, keys, members and the request log."""

from __future__ import annotations

from datetime import timedelta

from scanner.demo.vendors.routes import Asked, Body, Refusal, Route, found, route, written
from scanner.demo.vendors.world import ApiKey, Deepgram, DeepgramProject


def _known(asked: Asked) -> Deepgram:
    world: Deepgram = asked.vendor
    if asked.key not in {world.admin_key, world.project_key or world.admin_key}:
        raise Refusal(401)
    return world


def _project(asked: Asked) -> DeepgramProject:
    project: DeepgramProject = found(_known(asked).projects, "id", asked.names["project"])
    return project


def _projects(asked: Asked) -> Body:
    return {"projects": [{"project_id": one.id, "name": one.name} for one in _known(asked).projects]}


def _one(asked: Asked) -> Body:
    project = _project(asked)
    return {"project_id": project.id, "name": project.name, "mip_opt_out": project.mip_opt_out}


def _keys(asked: Asked) -> Body:
    return {"api_keys": [_key(asked, one) for one in _project(asked).keys if one.active]}


def _key(asked: Asked, key: ApiKey) -> Body:
    end = key.expires_in_days
    return {
        "member": {"member_id": key.owner or "member_simulated", "email": "jane.doe@example.com"},
        "api_key": {
            "api_key_id": key.id,
            "comment": key.name,
            "scopes": key.scopes,
            "created": written(asked.ago(key.age_days)),
            "expiration_date": written(asked.now + timedelta(days=end)) if end is not None else None,
        },
    }


def _members(asked: Asked) -> Body:
    person = {"email": "jane.doe@example.com", "first_name": "Jane", "last_name": "Doe"}
    return {"members": [{"member_id": one.id, "scopes": one.scopes, **person} for one in _project(asked).members]}


def _requests(asked: Asked) -> Body:
    project = _project(asked)
    items: list[Body] = [
        {
            "request_id": f"request_{i}",
            "project_uuid": project.id,
            "created": written(asked.ago(age)),
            "path": "/v1/listen?model=nova-3",
            "response": {"details": {"usd": 0.1}},
        }
        for i, age in enumerate(project.requests)
    ]
    # The real one gives as many as are asked for, up to a thousand; what the simulator's page size holds back, it
    # must not hold back here: a page that is not full is the last one.
    size, number = int(asked.first("limit") or 10), int(asked.first("page") or 0)
    return {"page": number, "limit": size, "requests": items[number * size : (number + 1) * size]}


ROUTES: tuple[Route, ...] = (
    route("deepgram:ListProjects", "/v1/projects", _projects),
    route("deepgram:GetProject", "/v1/projects/{project}", _one),
    route("deepgram:ListKeys", "/v1/projects/{project}/keys", _keys),
    route("deepgram:ListMembers", "/v1/projects/{project}/members", _members),
    route("deepgram:ListRequests", "/v1/projects/{project}/requests", _requests),
)
