"""Event selectors of AWS CloudTrail: which events of AWS KMS a trail records.

Every selector is held against every event that matters: an event is recorded when any selector takes it. Source: AWS
CloudTrail User Guide, "Logging management events", "How CloudTrail evaluates multiple conditions for a field"; AWS KMS
Developer Guide, "Logging AWS KMS API calls": cryptographic operations are read events, what changes a key is a write
event. What a selector asks of an event that cannot be foreseen (who called, from where) makes the answer unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from scanner.model.ids import Json
from scanner.normalize.aws.policy_actions import ADMINISTER, USE
from scanner.normalize.reading import Object, flag, given, text, texts

SERVICE = "kms.amazonaws.com"
BY_ITSELF = frozenset({"DeleteExpiredKeyMaterial", "DeleteKey", "RotateKey", "SynchronizeMultiRegionKey"})
"""Events that AWS KMS makes by itself."""

_Event = Mapping[str, str]
_TYPES: Mapping[str, tuple[bool, bool]] = {"All": (True, True), "ReadOnly": (True, False), "WriteOnly": (False, True)}
"""Read-write type of a basic selector to (read events, write events)."""
_SELECTING: Mapping[str, Callable[[str, str], bool]] = {
    "Equals": lambda value, wanted: value == wanted,
    "StartsWith": lambda value, wanted: value.startswith(wanted),
    "EndsWith": lambda value, wanted: value.endswith(wanted),
}
_EXCLUDING = {f"Not{name}": test for name, test in _SELECTING.items()}


def _event(name: str, *, read_only: bool) -> _Event:
    return {
        "eventCategory": "Management",
        "eventSource": SERVICE,
        "eventName": name,
        "eventType": "AwsServiceEvent" if name in BY_ITSELF - {"SynchronizeMultiRegionKey"} else "AwsApiCall",
        "readOnly": "true" if read_only else "false",
    }


MANAGEMENT = tuple(_event(name, read_only=False) for name in sorted(ADMINISTER | BY_ITSELF))
KEY_USE = tuple(_event(name, read_only=True) for name in sorted(USE))


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a trail records of keys. None: not known."""

    key_management: bool | None = None
    key_use: bool | None = None
    excludes_keys: bool | None = None


def read_selectors(body: Object | None) -> Recorded:
    """Return what the selectors in an answer of GetEventSelectors record."""
    basic, advanced = (_selectors(body, name) for name in ("EventSelectors", "AdvancedEventSelectors"))
    if basic is None or advanced is None or bool(basic) == bool(advanced):
        return Recorded()  # a trail has one of the two, and never none
    takes, leaves_out = (_basic, _basic_exclusion) if basic else (_advanced, _advanced_exclusion)
    chosen = basic or advanced
    return Recorded(
        _every(_any(takes(selector, event) for selector in chosen) for event in MANAGEMENT),
        _every(_any(takes(selector, event) for selector in chosen) for event in KEY_USE),
        _any(leaves_out(selector) for selector in chosen),
    )


def _selectors(body: Object | None, name: str) -> list[Object] | None:
    if body is None:
        return None
    found = body.get(name)
    if found is None:
        return []
    selectors = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    return selectors if isinstance(found, list) and len(selectors) == len(found) else None


def _any(values: Iterable[bool | None]) -> bool | None:
    known = set(values)
    return True if True in known else None if None in known else False


def _every(values: Iterable[bool | None]) -> bool | None:
    known = set(values)
    return False if False in known else None if None in known else True


def _basic(selector: Object, event: _Event) -> bool | None:
    # Documented defaults: management events, read and write, of every service.
    management = flag(selector, "IncludeManagementEvents") if given(selector, "IncludeManagementEvents") else True
    kind = _TYPES.get(text(selector, "ReadWriteType") or "") if given(selector, "ReadWriteType") else _TYPES["All"]
    right_kind = None if kind is None else kind[event["readOnly"] == "false"]
    return _every((management, right_kind, _opposite(_excluded(selector))))


def _basic_exclusion(selector: Object) -> bool | None:
    management = flag(selector, "IncludeManagementEvents") if given(selector, "IncludeManagementEvents") else True
    return _every((management, _excluded(selector)))


def _excluded(selector: Object) -> bool | None:
    if not given(selector, "ExcludeManagementEventSources"):
        return False
    sources = texts(selector, "ExcludeManagementEventSources")
    return None if sources is None else SERVICE in sources


def _opposite(value: bool | None) -> bool | None:
    return None if value is None else not value


def _advanced(selector: Object, event: _Event) -> bool | None:
    fields = _fields(selector)
    if fields is None or not any(text(field, "Field") == "eventCategory" for field in fields):
        return None  # the category is required
    return _every(_field(field, event.get(text(field, "Field") or "")) for field in fields)


def _advanced_exclusion(selector: Object) -> bool | None:
    fields = _fields(selector)
    if fields is None:
        return None
    about = [_field(field, "Management") for field in fields if text(field, "Field") == "eventCategory"]
    left_out = [_excludes(field, SERVICE) for field in fields if text(field, "Field") == "eventSource"]
    return _every((_any(about) if about else None, _any(left_out)))


def _fields(selector: Object) -> list[Object] | None:
    found = selector.get("FieldSelectors")
    fields = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    return fields if fields and isinstance(found, list) and len(fields) == len(found) else None


def _field(field: Object, value: str | None) -> bool | None:
    """Tell whether a field selector takes a value (None: it cannot be foreseen).

    Selecting operators are joined by OR, excluding ones by AND, and both groups must hold.
    """
    names = [name for name in (*_SELECTING, *_EXCLUDING) if field.get(name) not in (None, [])]
    if not names or value is None:
        return None
    selecting = [_matches(field[name], value, _SELECTING[name]) for name in names if name in _SELECTING]
    return _every((_any(selecting) if selecting else True, _opposite(_excludes(field, value))))


def _excludes(field: Object, value: str) -> bool | None:
    return _any(_matches(field[name], value, test) for name, test in _EXCLUDING.items() if given(field, name))


def _matches(wanted: Json, value: str, test: Callable[[str, str], bool]) -> bool | None:
    listed = [one for one in wanted if isinstance(one, str)] if isinstance(wanted, list) else []
    known = [test(value, one) for one in listed]
    complete = isinstance(wanted, list) and len(listed) == len(wanted)
    return True if any(known) else False if complete else None
