"""What tests of the deployment read: files, settings, commands, routes."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer.main
import yaml

from assay.cli.app import app
from assay.kit.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
SETTINGS = {f"ASSAY_{name.upper()}" for name in Settings.model_fields}
UID = 10001


def load(path: Path) -> list[Any]:
    """Every document of a YAML file; a key given twice is an error."""
    return [item for item in yaml.load_all(path.read_text(), Loader=Strict) if item]


class Strict(yaml.SafeLoader):  # type: ignore[misc]
    """A loader that does not let the second of two equal keys win."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value if key.value != "<<"]
        twice = {name for name in names if names.count(name) > 1}
        assert not twice, f"{node.start_mark}: twice: {twice}"
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made


def find_command(words: Sequence[str]) -> None:
    """That `assay` has the command that the words name, and the command every option in them."""
    command: Any = typer.main.get_command(app)
    rest = list(words)
    while commands := getattr(command, "commands", None):
        assert rest, f"{command.name}: which?"
        command = commands.get(rest.pop(0))
        assert command is not None, f"assay has no such command: {' '.join(words)}"
    known = {option for item in command.params for option in (*item.opts, *item.secondary_opts)}
    given = {word.partition("=")[0] for word in rest if word.startswith("-")}
    assert given <= known | {"--help"}, f"{command.name}: {given - known}"


def check_tag(image: str) -> None:
    """An image names one version, not whatever is newest."""
    name, _, tag = image.rpartition(":")
    assert name, f"{image} has no tag"
    assert re.search(r"\d+\.\d+", tag), f"{image} moves"


def walk(value: Any) -> Iterable[Mapping[str, Any]]:
    """Every mapping within a document."""
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from walk(item)
    elif isinstance(value, list):
        for item in value:
            yield from walk(item)
