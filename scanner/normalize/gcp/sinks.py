"""Which of a project's audit logs a sink of Cloud Logging takes, by its filter.

Filters are a language of their own. Understood are the ones that Cloud Logging makes itself and the plain ways to name
a log; of every other filter it is not known what it takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.normalize.gcp.listings import switched
from scanner.normalize.reading import Object, text, text_or

ACTIVITY = "cloudaudit.googleapis.com/activity"
DATA_ACCESS = "cloudaudit.googleapis.com/data_access"
_SERVICE = "cloudkms.googleapis.com"
_TERM = re.compile(r'(NOT |-)?(?:LOG_ID\("([^"()]+)"\)|logName ?(=|:) ?"([^"]+)")')
_LOGS = re.compile(r"(?:projects|folders|organizations)/[^/]+/logs/(.+)")


def takes(sink: Object, log: str) -> bool | None:
    """Tell whether a sink takes a log, exclusions aside; None where its filter is not understood."""
    words = text_or(sink, "filter", "")
    if words is None:
        return None
    plain = " ".join(words.split())
    if not plain:
        return True
    for joint, together in ((" AND ", all), (" OR ", any)):
        terms = [_TERM.fullmatch(part) for part in plain.split(joint)]
        if None not in terms:
            return together(_matches(term, log) for term in terms if term is not None)
    return None


def _matches(term: re.Match[str], log: str) -> bool:
    negated, identity, sign, name = term.groups()
    if identity is not None:
        same = identity == log
    else:
        path = _LOGS.fullmatch(name.replace("%2F", "/"))
        told = path[1] if path else name.replace("%2F", "/")
        # `:` is "contains".
        same = told == log if sign == "=" else told in log
    return same is (negated is None)


def excludes(sink: Object) -> bool | None:
    """Tell whether a sink leaves out events of Cloud KMS that its filter takes; None when nobody knows."""
    enabled = list(_exclusions(sink))
    if not enabled:
        return False
    if None in enabled:
        return None
    # What an exclusion that does not name it leaves out may be anything.
    return True if any(_SERVICE in one for one in enabled if one is not None) else None


def _exclusions(sink: Object) -> Iterator[str | None]:
    """Yield the filters of the exclusions that are on, and None for what is not understood."""
    listed = sink.get("exclusions", [])
    for one in listed if isinstance(listed, list) else [None]:
        if not isinstance(one, dict):
            yield None
        elif switched(one, "disabled") is not True:
            yield text(one, "filter")
