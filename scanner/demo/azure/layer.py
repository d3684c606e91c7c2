"""What answers a request to the simulated Azure: who asks, what goes wrong on purpose, and then the plane itself.

Rights are not worked out from the world's roles and policies. The scan may do everything but what the world denies, and
a stranger nothing.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from scanner.demo.aws.faults import Fault, Faults
from scanner.demo.azure import arm_access, arm_keyvault, arm_logs, arm_services, refusals, vault
from scanner.demo.azure.arm import ROUTES, Arm, versioned
from scanner.demo.azure.clouds import Plane as CloudPlane
from scanner.demo.azure.clouds import plane_of
from scanner.demo.azure.entra import STRANGER, Caller, Entra
from scanner.demo.azure.safe import Safe
from scanner.demo.azure.server import Cut
from scanner.demo.azure.vault import Plane
from scanner.demo.azure.wire import Answer, Json, Recorded, Refused, Request, find
from scanner.demo.azure.world import AzureWorld
from scanner.demo.azure.world_parts import Vault

ARM = (*arm_keyvault.ROUTES, *arm_access.ROUTES, *arm_services.ROUTES, *arm_logs.ROUTES, *ROUTES)

IN_SUBSCRIPTION = re.compile(r"/subscriptions/([^/]+)/", re.IGNORECASE)


def _no_app() -> Refused:
    return Refused(401, "unauthorized_client", "AADSTS7000112: the application is disabled.")


def operations() -> tuple[str, ...]:
    """Return every operation that the simulator answers."""
    return tuple(sorted({one.operation for one in ARM} | {one.operation for one in vault.ROUTES}))


@dataclass(slots=True)
class Call:
    """A request while it is being answered."""

    operation: str
    request: Request
    account: str = ""
    """Subscription that it is about."""
    refuse: Callable[[], Refused] = _no_app
    cut: bool = False


@dataclass(slots=True)
class Layer:
    """A running Azure that holds a world as it stands at one instant."""

    world: AzureWorld
    now: datetime
    size: int = 100
    faults: Faults = field(default_factory=Faults)
    requests: list[Recorded] = field(default_factory=list)
    entra: Entra = field(init=False)
    safes: dict[str, Safe] = field(init=False)
    arm: Arm = field(init=False)
    _hosts: dict[str, Safe] = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.entra = Entra(self.world, self.now)
        self.safes = {one.name.lower(): Safe(one, self.world, self.now) for one in self.world.containers}
        self._hosts = {safe.host: safe for safe in self.safes.values() if not _gone(safe)}
        self.arm = Arm(self.world, self.now, self.safes, self.size)
        self.mend()

    def mend(self) -> None:
        """Forget every fault but those of the world."""
        self.faults.clear()
        for denied in self.world.denied:
            account = self.world.subscription(denied.subscription) if denied.subscription else ""
            self.faults.add(Fault("deny", denied.operation, subject=denied.subject, account=account))

    def plane(self, host: str) -> CloudPlane | None:
        """Return what answers at a host, or None for one that has no address in this world."""
        if plane_of(host) == "login":
            return "login"
        plane = self.world.endpoints.plane(host)
        return plane if plane in {"arm", None} or host in self._hosts else None

    def answer(self, request: Request) -> Answer:
        """Answer a request, and keep a record of it. Raises Cut for an answer that is cut off in the middle."""
        call = Call("", request)
        try:
            answer = self._login(call) if request.plane == "login" else self._api(call)
        except Refused as refused:
            answer = refused.answer()
        identity = str(uuid.uuid4())
        headers = {"x-ms-request-id": identity, "Cache-Control": "no-cache", **answer.headers}
        if request.plane == "arm":
            headers |= {"x-ms-correlation-request-id": identity, "x-ms-ratelimit-remaining-subscription-reads": "11999"}
        told = Answer(answer.status, answer.body, headers)
        one = Recorded(call.operation, request.method, request.host, request.path, dict(request.query), told.status)
        with self._lock:
            self.requests.append(one)
        if call.cut:
            raise Cut(told)
        return told

    def _login(self, call: Call) -> Answer:
        call.operation, answer = self.entra.answer(call.request)
        return self._faulty(call, None, lambda: answer)

    def _api(self, call: Call) -> Answer:
        request = call.request
        safe = None if request.plane == "arm" else self._hosts[request.host]
        caller = self._caller(request)
        make = self._arm(call) if safe is None else self._vault(call, safe)
        call.refuse = lambda: refusals.denied(call.operation, request, caller, self.world, safe)
        if caller.application == STRANGER or refusals.withheld(self.world, call.operation, request):
            raise call.refuse()
        if safe is not None and (closed := refusals.unreachable(safe, caller)):
            raise closed
        return self._faulty(call, safe, lambda: Answer(200, make()))

    def _caller(self, request: Request) -> Caller:
        cloud = self.world.endpoints
        audiences = {"arm": cloud.arm_audiences, "vault": frozenset({f"https://{cloud.vault}"})}
        wanted = audiences.get(request.plane, frozenset({f"https://{cloud.hsm}"}))
        try:
            return self.entra.caller(request.headers.get("authorization", ""), wanted)
        except Refused as refused:
            raise refusals.challenge(request, self.world, refused.code, refused.message) from refused

    def _arm(self, call: Call) -> Callable[[], Json]:
        request = call.request
        versioned(request)
        found = find(ARM, request)
        if found is None:
            raise Refused(404, "InvalidResourceType", f"The resource type of '{request.path}' could not be found.")
        route, names = found
        call.operation, call.account = route.operation, names.get("sub", "")
        if not call.account and (inside := IN_SUBSCRIPTION.match(request.path)):
            call.account = inside[1]
        return lambda: route.answer(self.arm, request, names)

    def _vault(self, call: Call, safe: Safe) -> Callable[[], Json]:
        request = call.request
        if request.query.get("api-version") not in vault.VERSIONS:
            raise Refused(400, "BadParameter", "The specified version of the API is not recognized or is missing.")
        found = find(vault.ROUTES, request)
        if found is None:
            raise Refused(404, "NotFound", "Resource not found.")
        route, names = found
        call.operation, call.account = route.operation, self.world.subscription(safe.container.subscription)
        return lambda: route.answer(Plane(safe, min(self.size, vault.PAGE)), request, names)

    def _faulty(self, call: Call, safe: Safe | None, right: Callable[[], Answer]) -> Answer:
        """Return the right answer, or what a fault makes of it."""
        request = call.request
        region = safe.container.location if safe else ""
        fault = self.faults.hit(call.operation, request.text, call.account, region)
        if fault is None:
            return right()
        if fault.kind == "deny":
            raise call.refuse()
        if fault.kind == "expired":
            raise refusals.challenge(request, self.world, "expired")
        answer = refusals.wrong(fault, request)
        call.cut = fault.kind == "disconnect"
        return refusals.spoiled(fault, request, right()) if answer is None else answer


def _gone(safe: Safe) -> bool:
    """Tell whether a vault is deleted. Its host has no address then."""
    return isinstance(safe.container, Vault) and safe.container.deleted_days_ago is not None
