"""Who reaches a service of Azure, by the settings that all of its services share."""

from __future__ import annotations

from scanner.normalize.reading import Object, child, given, text

_OPEN = {"allow": True, "deny": False}
_CLOSED = frozenset({"disabled", "securedbyperimeter"})


def public(properties: Object) -> bool | None:
    """Tell whether anybody on the Internet reaches a service.

    Not where public access is disabled, and not where rules deny what they do not name. A service without a word on it
    is open, and one without rules denies nothing (publicNetworkAccess and networkAcls of Vaults_Get, Accounts_List).
    """
    word = (text(properties, "publicNetworkAccess") or "").lower()
    if word in _CLOSED:
        return False
    if given(properties, "publicNetworkAccess") and word != "enabled":
        return None
    if not given(properties, "networkAcls"):
        return True
    return _OPEN.get((text(child(properties, "networkAcls"), "defaultAction") or "").lower())
