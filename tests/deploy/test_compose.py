"""deploy/compose.yaml: every setting, command, secret, volume and network in it exists."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from tests.deploy.files import DEPLOY, SETTINGS, UID, check_tag, find_command, load

from assay.kit.settings import Settings

OURS = ("prepare", "api", "worker")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    (document,) = load(DEPLOY / "compose.yaml")
    made: dict[str, Any] = document
    return made


def test_there_are_two_api_processes_a_worker_and_both_stores(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {*OURS, "postgres", "redis"}
    assert services["api"]["deploy"]["replicas"] == 2
    for service in services.values():
        check_tag(service["image"])
        assert "container_name" not in service


@pytest.mark.parametrize("name", OURS)
def test_ours_run_real_commands_with_real_settings_and_few_rights(
    compose: dict[str, Any], name: str
) -> None:
    service = compose["services"][name]
    find_command(service["command"])
    assert set(service["environment"]) <= SETTINGS
    assert service["user"] == f"{UID}:{UID}"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert any(mount.startswith("/tmp") for mount in service["tmpfs"])  # noqa: S108
    assert service["volumes"] == ["home:/var/lib/assay"]


def test_nothing_is_reached_from_other_machines(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert {name for name, service in services.items() if "ports" in service} == {"api"}
    (port,) = services["api"]["ports"]
    assert re.fullmatch(r"127\.0\.0\.1:8000-8001:8000", port)
    assert compose["networks"]["inside"]["internal"] is True
    for name in ("postgres", "redis"):
        assert services[name]["networks"] == ["inside"]


def test_stores_are_healthy_before_anything_is_prepared_and_that_before_the_rest(
    compose: dict[str, Any],
) -> None:
    services = compose["services"]
    for name in ("postgres", "redis"):
        assert services[name]["healthcheck"]["test"]
        assert services["prepare"]["depends_on"][name]["condition"] == "service_healthy"
    for name in ("api", "worker"):
        needed = services[name]["depends_on"]["prepare"]["condition"]
        assert needed == "service_completed_successfully"
    # The engine waits longer than the process takes to end.
    settings = Settings(stop_s=20.0)
    drain = float(services["api"]["environment"]["ASSAY_DRAIN_S"])
    assert int(services["api"]["stop_grace_period"].rstrip("s")) > drain + settings.stop_s


def test_what_is_named_is_declared(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert set(service.get("secrets", ())) <= set(compose["secrets"])
        assert set(service.get("networks", ())) <= set(compose["networks"])
        for mount in service.get("volumes", ()):
            assert mount.split(":")[0] in compose["volumes"]
        for value in service.get("environment", {}).values():
            assert "://" not in str(value), "a password would stand in the environment"


def test_its_secrets_open_its_stores(
    compose: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "secrets"
    script = str(DEPLOY / "make-secrets.sh")
    subprocess.run([script, str(folder)], check=True, env={"PATH": os.environ["PATH"]})
    assert folder.stat().st_mode & 0o077 == 0
    made = {path.name: path.read_text() for path in folder.iterdir()}
    assert set(made) == set(compose["secrets"])
    for name, secret in compose["secrets"].items():
        assert secret["file"] == f"./secrets/{name}"
    subprocess.run([script, str(folder)], check=True, env={"PATH": os.environ["PATH"]})
    assert {path.name: path.read_text() for path in folder.iterdir()} == made
    monkeypatch.setenv("ASSAY_SECRETS_FOLDER", str(folder))
    settings = Settings()
    password = made["postgres_password"]
    store = compose["services"]["postgres"]["environment"]
    assert settings.database_url == SecretStr(
        f"postgresql://{store['POSTGRES_USER']}:{password}@postgres:5432/{store['POSTGRES_DB']}"
    )
    assert settings.redis_url == SecretStr(f"redis://:{made['redis_password']}@redis:6379/0")
