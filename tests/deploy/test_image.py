"""deploy/Dockerfile, without an engine: instructions, user, pins, what it copies, what it runs."""

import fnmatch
import json
import re
import shlex
from pathlib import Path

import pytest
from tests.api.asking import ask
from tests.api.world import World
from tests.deploy.files import DEPLOY, ROOT, SETTINGS, UID, check_tag, find_command

KNOWN = set(
    "FROM RUN COPY ENV WORKDIR USER EXPOSE VOLUME STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD".split()
)
Instruction = tuple[str, str]


def read_instructions(path: Path) -> list[Instruction]:
    """Instructions with their arguments; comments gone, continued lines joined."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    text = re.sub(r"\\\n\s*", "", "\n".join(lines))
    parts = (line.partition(" ") for line in text.splitlines() if line.strip())
    return [(name, rest.strip()) for name, _, rest in parts]


@pytest.fixture(scope="module")
def image() -> list[Instruction]:
    return read_instructions(DEPLOY / "Dockerfile")


def last(image: list[Instruction], name: str) -> str:
    return [rest for given, rest in image if given == name][-1]


def read_environment(image: list[Instruction]) -> dict[str, str]:
    pairs = [pair for name, rest in image if name == "ENV" for pair in shlex.split(rest)]
    return dict(pair.split("=", 1) for pair in pairs)


def test_it_has_two_stages_of_pinned_images_and_known_instructions(
    image: list[Instruction],
) -> None:
    assert {name for name, _ in image} <= KNOWN
    stages = [rest for name, rest in image if name == "FROM"]
    assert len(stages) == 2
    for stage in stages:
        check_tag(stage.split(" AS ")[0])
    assert stages[0].removesuffix(" AS build") == stages[1]


def test_it_does_not_run_as_root(image: list[Instruction]) -> None:
    assert last(image, "USER") == f"{UID}:{UID}"
    names = [name for name, _ in image]
    assert names.index("USER") > max(i for i, name in enumerate(names) if name == "RUN")
    made = last(image, "RUN")
    assert f"--uid {UID}" in made
    assert f"install -d -o {UID} -g {UID} -m 0700 /var/lib/assay" in made


def test_only_pinned_wheels_are_installed(image: list[Instruction]) -> None:
    pips = [
        part
        for name, rest in image
        if name == "RUN"
        for part in rest.split("&&")
        if "pip install" in part
    ]
    assert len(pips) == 2
    locked, own = pips
    for flag in ("--require-hashes", "--only-binary :all:", "--no-deps", "requirements/run.txt"):
        assert flag in locked
    assert {"--no-index", "--no-deps", "--no-build-isolation"} <= set(own.split())
    text = (DEPLOY / "Dockerfile").read_text()
    assert not re.search(r"index-url|https?://(?!127\.0\.0\.1)", text)
    pinned = (ROOT / "requirements" / "run.txt").read_text()
    assert pinned.count("--hash=sha256:") >= pinned.count("==") > 50


def test_everything_that_is_copied_is_there_and_sent_to_the_engine(
    image: list[Instruction],
) -> None:
    rules = (ROOT / ".dockerignore").read_text().split()
    sent = [rule.removeprefix("!") for rule in rules if rule.startswith("!")]
    assert "*" in rules
    for name, rest in image:
        if name != "COPY" or rest.startswith("--from"):
            continue
        for source in rest.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert any(fnmatch.fnmatch(source, rule) for rule in sent), source


def test_what_the_package_is_built_from_is_copied(image: list[Instruction]) -> None:
    """pyproject.toml names a readme and licence files: the build fails without them."""
    copied = {source for name, rest in image if name == "COPY" for source in rest.split()[:-1]}
    assert {"pyproject.toml", "README.md", "LICENSE", "NOTICE", "src"} <= copied


def test_settings_ports_and_probe_agree(image: list[Instruction], world: World) -> None:
    environment = read_environment(image)
    given = {name for name in environment if name.startswith("ASSAY_")}
    assert given <= SETTINGS
    assert environment["ASSAY_PORT"] == last(image, "EXPOSE") == "8000"
    assert environment["ASSAY_HOME"] == last(image, "VOLUME")
    # Anything but loopback is refused without keys.
    assert (environment["ASSAY_HOST"], environment["ASSAY_KEYS"]) == ("0.0.0.0", "true")  # noqa: S104
    probe = re.search(r"http://127\.0\.0\.1:(\d+)(/\w+)", last(image, "HEALTHCHECK"))
    assert probe is not None
    assert probe[1] == environment["ASSAY_PORT"]
    assert ask(world.app, probe[2]).status == 200


def test_it_runs_commands_that_exist(image: list[Instruction]) -> None:
    assert json.loads(last(image, "ENTRYPOINT")) == ["assay"]
    find_command(json.loads(last(image, "CMD")))
    assert last(image, "STOPSIGNAL") == "SIGTERM"
