"""House rules that no linter knows. Run by `make check`; prints each breach as `path:line: why`.

1. A room is entered by its front door (`assay.markets`) or its `types`, never by an inner file;
   the faces (api, cli) may also use a room's routes, jobs and tools.
2. `open()` and `input()` are builtins that no import betrays: banned in pure code.
3. A file has at most 400 lines; the stand-alone verifier, which must be one file, has 720.
4. Nothing tracked names a package registry's host; large files are only the sample and the models.
"""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path("src/assay")
FACES = {"api", "cli"}
WIRING = {"routes", "jobs", "tools"}
MAX_LINES = 400
ONE_FILE = {ROOT / "verifier.py": 720}
MAX_KILOBYTES = 2_000
HOSTS = ("python" + "hosted.org", "pypi.org" + "/simple", "registry.npm" + "js.org")


def imported_names(node: ast.AST) -> list[str]:
    """Dotted names that an absolute import statement may bind."""
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def is_window(name: str, here: str) -> bool:
    """True if `name` is an inner file of another room that `here` may not touch."""
    parts = name.split(".")
    if len(parts) < 3 or parts[0] != "assay" or parts[1] in (here, "kit"):
        return False
    inner = ROOT / parts[1] / parts[2]
    exists = inner.is_dir() or inner.with_suffix(".py").exists()
    allowed = {"types"} | (WIRING if here in FACES else set())
    return exists and parts[2] not in allowed


def check_source(path: Path) -> list[str]:
    """Breaches of rules 1 to 3 in one file of the package."""
    text = path.read_text(encoding="utf-8")
    relative = path.relative_to(ROOT)
    here = relative.parts[0]
    pure = bool({"compute", "compute.py", "parse.py"} & set(relative.parts))
    found = []
    for node in ast.walk(ast.parse(text)):
        line = getattr(node, "lineno", 0)
        found += [
            f"{path}:{line}: {here} climbs through a window: {name}"
            for name in imported_names(node)
            if is_window(name, here)
        ]
        called = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
        if pure and called in ("open", "input"):
            found.append(f"{path}:{line}: {called}() in pure code")
    return found


def check_size(path: Path) -> list[str]:
    """Breaches of the line limit."""
    count = path.read_text(encoding="utf-8").count("\n")
    limit = ONE_FILE.get(path, MAX_LINES)
    return [f"{path}:1: {count} lines, the limit is {limit}"] if count > limit else []


def check_tracked() -> list[str]:
    """Breaches of rule 4 over everything git tracks."""
    listing = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=False)
    found = []
    for name in filter(None, listing.stdout.decode().split("\0")):
        path = Path(name)
        if not path.is_file():
            continue
        payload = path.read_bytes()
        if len(payload) > MAX_KILOBYTES * 1024:
            found.append(f"{name}:1: {len(payload) // 1024} kB, the limit is {MAX_KILOBYTES}")
        found += [f"{name}:1: names {host}" for host in HOSTS if host.encode() in payload]
    return found


def main() -> int:
    """Print every breach; 1 if there is any."""
    sources = sorted(ROOT.rglob("*.py"))
    ours = [*sources, *sorted(Path("tests").rglob("*.py")), *sorted(Path("tools").rglob("*.py"))]
    breaches = [breach for path in sources for breach in check_source(path)]
    breaches += [breach for path in ours for breach in check_size(path)]
    breaches += check_tracked()
    sys.stdout.write("\n".join(breaches) + "\n" if breaches else "house: ok\n")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
