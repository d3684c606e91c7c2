"""Settings of a PostgreSQL server to columns, with what roles and databases are given instead.

``ALTER ROLE ... SET`` and ``ALTER DATABASE ... SET`` take the place of the server's own settings for some sessions, so
each kind of session is looked at: a server is only as careful as its least careful one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from scanner.model.ids import Json
from scanner.normalize.reading import Object, text

_OF_THE_SESSION = frozenset({"client", "database", "database user", "interactive", "session", "test", "user"})
"""Where ``pg_settings.source`` says this, the value is of the scan's own session, and the server's is not known."""
_ON, _OFF = frozenset({"on", "true", "yes", "1", "t", "y"}), frozenset({"off", "false", "no", "0", "f", "n"})
_CLASSES = frozenset({"ddl", "function", "misc", "misc_set", "read", "role", "write"})
"""Classes of pgaudit 1.6 and later (github.com/pgaudit/pgaudit, README)."""
_VERSIONS = frozenset({"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"})
NONE = "none"

Session = Mapping[str, str | None]
"""Settings that count in one kind of session; None: not known."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the settings of a server say; None is not known."""

    version: str | None = None
    tls_offered: bool | None = None
    tls_min_version: str | None = None
    password_encryption: str | None = None
    audit_extension: bool | None = None
    audit_classes: tuple[str, ...] | None = None
    audits_reads_and_writes: bool | None = None
    logs_connections: bool | None = None
    logs_parameters: bool | None = None


def settings(body: Json) -> Settings:
    """Return what an answer about settings says."""
    if not isinstance(body, dict):
        return Settings()
    rows, overrides = _objects(body.get("settings")), _objects(body.get("overrides"))
    if rows is None or overrides is None:
        return Settings()
    base = {str(row.get("name")): _of_server(row) for row in rows}
    sessions = list(_sessions(base, overrides))
    audited = [_audited(one) for one in sessions]
    classes = None if None in audited else frozenset.intersection(*(one for one in audited if one is not None))
    ssl = _flag(base.get("ssl"))
    return Settings(
        version=base.get("server_version"),
        tls_offered=ssl,
        tls_min_version=NONE if ssl is False else _floor(base) if ssl else None,
        password_encryption=_weakest({one.get("password_encryption") for one in sessions}),
        # The module's own setting is there only where the module is loaded.
        audit_extension="pgaudit.log" in base,
        audit_classes=None if classes is None else tuple(sorted(classes)),
        audits_reads_and_writes=_every(None if a is None else {"read", "write"} <= a for a in audited),
        logs_connections=_every(
            _connections(one.get(name)) for one in sessions for name in ("log_connections", "log_disconnections")
        ),
        logs_parameters=_any(_leaks(one) for one in sessions),
    )


def _objects(value: Json) -> list[Object] | None:
    if not isinstance(value, list) or not all(isinstance(one, dict) and text(one, "name") for one in value):
        return None
    return [one for one in value if isinstance(one, dict)]


def _of_server(row: Object) -> str | None:
    return None if text(row, "set_by") in _OF_THE_SESSION else text(row, "given")


def _sessions(base: Session, overrides: list[Object]) -> Iterator[Session]:
    """Yield the settings of a session of no role in particular, and of each role that is given some of its own."""

    def given(role: str | None, *, database: bool) -> dict[str, str | None]:
        chosen = (o for o in overrides if text(o, "role") == role and (text(o, "database") is not None) == database)
        # A setting that nobody knows, such as one of a module that is not loaded, stays without effect.
        return {str(o["name"]): text(o, "given") for o in chosen if o["name"] in base}

    common = {**base, **given(None, database=False), **given(None, database=True)}
    yield common
    for role in sorted({text(o, "role") or "" for o in overrides} - {""}):
        yield {**common, **given(role, database=False), **given(role, database=True)}


def _flag(value: str | None) -> bool | None:
    word = (value or "").lower()
    return True if word in _ON else False if word in _OFF else None


def _every(values: Iterable[bool | None]) -> bool | None:
    found = set(values)
    return False if False in found else None if None in found else True


def _any(values: Iterable[bool | None]) -> bool | None:
    found = set(values)
    return True if True in found else None if None in found else False


def _floor(base: Session) -> str | None:
    given = base.get("ssl_min_protocol_version")
    return NONE if given == "" else given if given in _VERSIONS else None


def _weakest(values: set[str | None]) -> str | None:
    if "md5" in values:
        return "md5"
    return values.pop() if len(values) == 1 else None


def _audited(session: Session) -> frozenset[str] | None:
    """Return the classes that pgaudit logs; none where it is not loaded."""
    if "pgaudit.log" not in session:
        return frozenset()
    given = session["pgaudit.log"]
    if given is None:
        return None
    found: set[str] = set()
    for word in (part.strip().lower() for part in given.split(",")):
        name = word.removeprefix("-")
        if name not in _CLASSES | {"all", NONE}:
            return None
        named = _CLASSES if name == "all" else {name} & _CLASSES
        found = found - named if word.startswith("-") else found | named
    return frozenset(found)


def _connections(value: str | None) -> bool | None:
    """Tell whether (dis)connections are logged. Since PostgreSQL 18 the setting is a list of what is logged of them."""
    flag = _flag(value)
    if flag is not None or value is None:
        return flag
    return bool({part.strip().lower() for part in value.split(",")} & {"all", "authentication", "authorization"})


def _leaks(session: Session) -> bool | None:
    """Tell whether values of parameters reach the log.

    ``log_duration`` alone logs no statement, and `ddl` none that takes parameters.
    """

    def says(name: str, meaning: Callable[[str], bool | None]) -> bool | None:
        value = session.get(name)
        return None if value is None else meaning(value.strip().lower())

    def not_off(off: str) -> Callable[[str], bool]:
        return lambda value: value != off

    logged = _any(
        (
            says("log_statement", lambda value: value in {"mod", "all"}),
            says("log_min_duration_statement", not_off("-1")),
            _both(says("log_min_duration_sample", not_off("-1")), says("log_statement_sample_rate", not_off("0"))),
            says("log_transaction_sample_rate", not_off("0")),
        )
    )
    audited = _audited(session)
    return _any(
        (
            _both(logged, says("log_parameter_max_length", not_off("0"))),
            says("log_parameter_max_length_on_error", not_off("0")),
            # What a role of pgaudit's is granted is logged whatever the classes are.
            _both(
                _any((None if audited is None else bool(audited), bool(session.get("pgaudit.role")))),
                _flag(session.get("pgaudit.log_parameter")) if "pgaudit.log_parameter" in session else False,
            ),
        )
    )


def _both(one: bool | None, other: bool | None) -> bool | None:
    return _every((one, other))
