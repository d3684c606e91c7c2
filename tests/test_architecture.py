"""The shape of the tree: who may import whom, sizes, and that importing does nothing."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCANNER = ROOT / "scanner"

ALLOWED: dict[str, set[str]] = {
    "model": set(),
    "errors": set(),
    "resources": {"errors"},
    "yamlfile": {"errors", "model"},
    "evidence": {"errors", "model"},
    "scandir": {"errors", "model"},
    "scanheader": {"errors", "model"},
    "envelope": {"errors", "model"},
    "estate": {"errors", "model", "yamlfile"},
    "collect": {"envelope", "errors", "evidence", "model"},
    "normalize": {"errors", "model"},
    "evaluate": {"errors", "model", "resources", "yamlfile"},
    "render": {"errors", "model", "resources"},
    "selftest": {"collect", "envelope", "errors", "evidence", "model"},
    "selftesting": {"collect", "errors", "evidence", "model", "selftest"},
    "package": {"errors", "evidence", "model", "scandir", "scanheader"},
    "verify": {"errors", "evidence", "model"},
    "history": {"errors", "evaluate", "evidence", "model", "scandir", "scanheader", "verify"},
    "jobs": {"errors", "evidence", "model", "resources", "scandir", "scanheader"},
    "schedule": {"errors", "model", "resources"},
    "replay": {"errors", "estate", "model", "pipeline", "scandir", "scanheader", "verify"},
    "kinds": {"collect", "model", "normalize", "selftest"},
    "sources": {"kinds", "model"},
    "pipeline": {
        "collect",
        "errors",
        "evaluate",
        "evidence",
        "history",
        "model",
        "normalize",
        "render",
        "scandir",
        "scanheader",
        "sources",
    },
    "demo": {"envelope", "errors", "yamlfile"},
    "cli": {
        "demo",
        "errors",
        "estate",
        "history",
        "jobs",
        "model",
        "package",
        "pipeline",
        "replay",
        "resources",
        "scandir",
        "scanheader",
        "schedule",
        "selftesting",
        "sources",
        "verify",
    },
    "__main__": {"cli"},
}
"""Part of the package to the parts that it may import. `docs/architecture.md` says why."""

STAGES = {"collect", "normalize", "evaluate", "render"}


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(SCANNER.rglob("*.py")):
        yield str(path.relative_to(ROOT)), path


def part(path: Path) -> str:
    return path.relative_to(SCANNER).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Return the parts of the package that a module imports, at its top or deferred."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "scanner":
            found |= {
                alias.name
                for alias in node.names
                if (SCANNER / alias.name).is_dir() or (SCANNER / f"{alias.name}.py").is_file()
            }
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("scanner."):
            found.add(str(node.module).split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("scanner.")}
    return found


PARTS = sorted({part(path) for _, path in modules()} - {"__init__"})


@pytest.mark.parametrize("own", PARTS)
def test_a_module_imports_only_what_its_part_may(own: str) -> None:
    assert own in ALLOWED, f"say in ALLOWED what {own} may import"
    found = {name: imported(path) - {own} - ALLOWED[own] for name, path in modules() if part(path) == own}
    assert {name: parts for name, parts in found.items() if parts} == {}


def test_the_package_itself_imports_nothing() -> None:
    assert imported(SCANNER / "__init__.py") == set()


def test_only_the_pipeline_joins_stages() -> None:
    for own, allowed in ALLOWED.items():
        if own not in {"kinds", "pipeline"}:
            assert len((allowed | {own}) & STAGES) <= 1


def test_the_import_check_can_fail(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("from scanner import pipeline\nfrom scanner.collect.ask import Ask\nimport scanner.cli.main\n")
    assert imported(bad) == {"pipeline", "collect", "cli"}


def long(path: Path) -> Iterator[str]:
    """Yield what is too long of a module: the file (400 lines), and functions (60)."""
    text = path.read_text(encoding="utf-8")
    if len(text.splitlines()) > 400:
        yield "the file"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (node.end_lineno or 0) - node.lineno >= 60:
            yield node.name


def test_files_and_functions_stay_small() -> None:
    assert [(name, what) for name, path in modules() for what in long(path)] == []


def test_what_is_too_long_is_seen(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f():\n" + "    pass\n" * 60 + "\n" * 400)
    (tmp_path / "b.py").write_text("def f():\n" + "    pass\n" * 59)
    assert list(long(tmp_path / "a.py")) == ["the file", "f"]
    assert list(long(tmp_path / "b.py")) == []


BROAD = {("scanner/collect/runner.py", 1), ("scanner/cli/main.py", 1)}


def test_only_the_two_boundaries_catch_everything() -> None:
    found = set()
    for name, path in modules():
        handlers = [
            n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.ExceptHandler)
        ]
        broad = [h for h in handlers if h.type is None or ast.unparse(h.type) == "Exception"]
        if broad:
            found.add((name, len(broad)))
    assert found == BROAD


def test_one_place_exits_and_only_the_command_line_prints() -> None:
    exits = [name for name, path in modules() if re.search(r"\bsys\.exit\(|\bos\._exit\(", path.read_text())]
    prints = [name for name, path in modules() if re.search(r"(?<![.\w])print\(", path.read_text())]
    assert exits == ["scanner/cli/main.py"]
    assert all(name.startswith("scanner/cli/") for name in prints)


def test_no_module_has_a_cycle() -> None:
    graph = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): _targets(path)
        for _, path in modules()
    }
    done: set[str] = set()

    def visit(node: str, trail: tuple[str, ...]) -> None:
        assert node not in trail, " -> ".join((*trail, node))
        if node in done:
            return
        for target in sorted(graph.get(node, ())):
            visit(target, (*trail, node))
        done.add(node)

    for node in graph:
        visit(node, ())


def _targets(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("scanner"):
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return found - {"scanner"}


def test_importing_does_nothing() -> None:
    script = (
        "import sys\nseen = []\n"
        "sys.addaudithook(lambda e, a: seen.append((e, a)) if e in {'socket.connect', 'os.putenv', 'subprocess.Popen'} "
        "or (e == 'open' and 'w' in str(a[1])) else None)\n"
        "import scanner, scanner.cli.main\n"
        "heavy = {'boto3', 'botocore', 'duckdb', 'weasyprint', 'pydantic', 'jinja2', 'cryptography', 'moto'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\nassert not seen, seen\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_module_has_a_test_of_its_own() -> None:
    missing = []
    for name, path in modules():
        inner = path.relative_to(SCANNER)
        if path.name == "__init__.py" or inner.parts[0] == "model":
            continue
        if not (ROOT / "tests" / inner.parent / f"test_{path.name}").is_file():
            missing.append(name)
    assert missing == []
