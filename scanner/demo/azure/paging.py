"""Pages of the simulated Azure: `nextLink` with a `$skiptoken`, as Resource Manager and Key Vault write it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from urllib.parse import urlencode

from scanner.demo.azure.wire import Json, Refused, Request

TOKEN = "$skiptoken"  # noqa: S105 - the name of a parameter


def page(request: Request, items: Sequence[Json], size: int) -> Json:
    """Return the page of ``items`` that a request asks for.

    Raises Refused for a token that is none. The last page has a null ``nextLink`` in the data plane and none in
    Resource Manager.
    """
    start = _start(request)
    asked = request.query.get("maxresults" if request.plane != "arm" else "$top", "")
    size = min(size, int(asked)) if asked.isdigit() and int(asked) else size
    told: Json = {"value": list(items[start : start + size])}
    if start + size < len(items):
        query = {**request.query, TOKEN: base64.b64encode(f"skip-{start + size}".encode()).decode()}
        port = "" if request.plane == "arm" else ":443"
        told["nextLink"] = f"https://{request.host}{port}{request.path}?{urlencode(query, safe='$')}"
    elif request.plane != "arm":
        told["nextLink"] = None
    return told


def _start(request: Request) -> int:
    token = request.query.get(TOKEN)
    if token is None:
        return 0
    try:
        name, _, number = base64.b64decode(token, validate=True).decode().partition("-")
        if name == "skip":
            return int(number)
    except ValueError:
        pass
    raise Refused(400, "InvalidSkipToken" if request.plane == "arm" else "BadParameter", "The skip token is invalid.")
