"""Text as each format takes it literally: units of systemd, crontabs, shells, YAML, expressions of GitHub."""

from __future__ import annotations

import json
import re
import shlex

_BARE = re.compile(r"[A-Za-z0-9_@:,./+=-]+")


def unit_word(text: str) -> str:
    """Return an argument of ExecStart: specifiers and variables are not expanded (systemd.service(5))."""
    return unit_program(text).replace("$", "$$")


def unit_program(text: str) -> str:
    """Return the program of ExecStart, in which variables are not expanded anyway."""
    if _BARE.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def unit_line(text: str) -> str:
    """Return what stands alone behind a key of a unit, where quotes mean nothing: WorkingDirectory, Description."""
    return text.replace("%", "%%")


def unit_path(text: str) -> str:
    """Return one of the paths in a list of a unit, where quotes join as in a shell and no escape is known."""
    if _BARE.fullmatch(text):
        return text
    return """'"'""".join(f'"{part}"' for part in text.replace("%", "%%").split('"'))


def crontab(command: str) -> str:
    r"""Return a command of a crontab: a bare % would be the end of a line (crontab(5))."""
    return command.replace("%", "\\%")


def shell(text: str) -> str:
    """Return one word of a POSIX shell."""
    return shlex.quote(text)


def yaml_text(text: str) -> str:
    """Return a double-quoted text of YAML, which JSON's is too when all but ASCII is escaped."""
    return json.dumps(text)


def kubernetes(text: str) -> str:
    """Return an argument of a container as YAML: Kubernetes expands $(NAME) and takes $$ for a dollar sign."""
    return yaml_text(text.replace("$", "$$"))


def github(text: str) -> str:
    """Return text of a workflow as YAML, in which nothing is taken for an expression."""
    return yaml_text(text.replace("${{", "${{ '${{' }}"))


def comment(text: str) -> str:
    """Return text that stays in its line of comment."""
    return "".join(c if c.isprintable() else "?" for c in text)
