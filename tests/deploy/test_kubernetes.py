"""The manifests: settings, commands, probes, ports, selectors and rights in them are right."""

from typing import Any

import pytest
from tests.api.asking import ask
from tests.api.world import World
from tests.deploy.files import DEPLOY, SETTINGS, UID, check_tag, find_command, load, walk

FOLDER = DEPLOY / "kubernetes"
Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def manifests() -> dict[tuple[str, str], Manifest]:
    (kustomization,) = load(FOLDER / "kustomization.yaml")
    files = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert files == set(kustomization["resources"])
    found = [item for name in kustomization["resources"] for item in load(FOLDER / name)]
    made = {(item["kind"], item["metadata"]["name"]): item for item in found}
    assert len(made) == len(found)
    for kind, name in made:
        if kind != "Namespace":
            assert made[kind, name]["metadata"]["namespace"] == "assay"
    return made


def list_pods(manifests: dict[tuple[str, str], Manifest]) -> dict[str, Manifest]:
    """The pod templates, by the name of their owner."""
    owners = {key: item for key, item in manifests.items() if key[0] in ("Deployment", "Job")}
    return {name: item["spec"]["template"] for (_, name), item in owners.items()}


def test_all_that_runs_is_there(manifests: dict[tuple[str, str], Manifest]) -> None:
    assert set(list_pods(manifests)) == {"assay-api", "assay-worker", "assay-prepare"}
    kinds = {kind for kind, _ in manifests}
    assert kinds >= {
        "PersistentVolumeClaim",
        "Service",
        "PodDisruptionBudget",
        "NetworkPolicy",
        "HorizontalPodAutoscaler",
    }


@pytest.mark.parametrize("name", ["assay-api", "assay-worker", "assay-prepare"])
def test_pods_have_few_rights(manifests: dict[tuple[str, str], Manifest], name: str) -> None:
    spec = list_pods(manifests)[name]["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == UID
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    # A Service named `assay` would set ASSAY_PORT=tcp://... in every pod.
    assert spec["enableServiceLinks"] is False
    for container in spec["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]
        check_tag(container["image"])
        find_command(container["args"])


def test_settings_are_real_and_hold_no_secret(manifests: dict[tuple[str, str], Manifest]) -> None:
    shared = manifests["ConfigMap", "assay"]["data"]
    assert set(shared) <= SETTINGS
    assert all(isinstance(value, str) and "://" not in value for value in shared.values())
    for pod in list_pods(manifests).values():
        (container,) = pod["spec"]["containers"]
        own = {item["name"] for item in container.get("env", ())}
        assert own <= SETTINGS | {"POD_IP"}
        assert container["envFrom"] == [{"configMapRef": {"name": "assay"}}]
        mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        assert mounts["home"] == shared["ASSAY_HOME"]
        assert mounts["secrets"] == shared["ASSAY_SECRETS_FOLDER"]
        volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        assert set(volumes) == set(mounts)
        claim = volumes["home"]["persistentVolumeClaim"]["claimName"]
        assert ("PersistentVolumeClaim", claim) in manifests


def test_probes_ask_routes_that_exist_at_the_port_that_is_served(
    manifests: dict[tuple[str, str], Manifest], world: World
) -> None:
    shared = manifests["ConfigMap", "assay"]["data"]
    spec = list_pods(manifests)["assay-api"]["spec"]
    (container,) = spec["containers"]
    (port,) = container["ports"]
    assert str(port["containerPort"]) == shared["ASSAY_PORT"]
    asked = {}
    for name in ("startupProbe", "livenessProbe", "readinessProbe"):
        get = container[name]["httpGet"]
        assert get["port"] == port["name"]
        (header,) = get["httpHeaders"]
        host = ((b"host", header["value"].encode()),)
        assert ask(world.app, get["path"], host=host).status == 200
        asked[name] = get["path"]
    assert asked["livenessProbe"] == "/healthz"
    assert asked["readinessProbe"] == "/readyz"
    service = manifests["Service", "assay"]["spec"]
    assert service["ports"][0]["targetPort"] == port["name"]
    allowed = {item["name"]: item.get("value") for item in container["env"]}["ASSAY_ALLOWED_HOSTS"]
    assert {"assay", "assay.assay.svc"} <= set(allowed.split(","))
    ends = float(shared["ASSAY_DRAIN_S"]) + float(shared["ASSAY_STOP_S"])
    assert spec["terminationGracePeriodSeconds"] > ends


def test_selectors_fit_pods(manifests: dict[tuple[str, str], Manifest]) -> None:
    labels = {name: pod["metadata"]["labels"] for name, pod in list_pods(manifests).items()}
    selectors = [("Service", "assay"), ("PodDisruptionBudget", "assay-api")]
    wanted = [manifests[key]["spec"]["selector"] for key in selectors]
    wanted += [
        item["spec"]["podSelector"] for (kind, _), item in manifests.items() if "Policy" in kind
    ]
    wanted += [
        item["spec"]["selector"] for (kind, _), item in manifests.items() if kind == "Deployment"
    ]
    for selector in wanted:
        words = selector.get("matchLabels", selector) or {}
        assert any(words.items() <= own.items() for own in labels.values()), selector


def test_nothing_is_open_that_need_not_be(manifests: dict[tuple[str, str], Manifest]) -> None:
    policies = {name: item["spec"] for (kind, name), item in manifests.items() if "Policy" in kind}
    assert policies["assay-nothing"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    ports = {
        name: {rule["port"] for rule in walk(policy) if "protocol" in rule}
        for name, policy in policies.items()
    }
    assert ports["assay-requests"] == {8000}
    assert ports["assay-stores"] == {5432, 6379, 53}
    assert ports["assay-venues"] == {443}
    (block,) = (item["ipBlock"] for item in walk(policies["assay-venues"]) if "ipBlock" in item)
    assert "169.254.0.0/16" in block["except"]
    pods = {name: pod["metadata"]["labels"] for name, pod in list_pods(manifests).items()}
    venues = [name for name, labels in pods.items() if labels.get("assay/reaches-venues")]
    assert venues == ["assay-worker"]


def test_autoscaling_reads_figures_that_are_computed(
    manifests: dict[tuple[str, str], Manifest],
) -> None:
    (adapter,) = load(DEPLOY / "prometheus" / "adapter.yaml")
    (rules,) = load(DEPLOY / "prometheus" / "rules.yaml")
    recorded = {rule["record"] for rule in walk(rules) if "record" in rule}
    offered = {
        kind: {rule["seriesQuery"].partition("{")[0] for rule in adapter["rules"][kind]}
        for kind in ("custom", "external")
    }
    assert offered["custom"] | offered["external"] <= recorded
    scalers = [item["spec"] for (kind, _), item in manifests.items() if "Autoscaler" in kind]
    assert {spec["scaleTargetRef"]["name"] for spec in scalers} == {"assay-api", "assay-worker"}
    for spec in scalers:
        target = spec["scaleTargetRef"]
        assert (target["kind"], target["name"]) in manifests
        for metric in spec["metrics"]:
            if metric["type"] == "Pods":
                assert metric["pods"]["metric"]["name"] in offered["custom"]
            elif metric["type"] == "External":
                assert metric["external"]["metric"]["name"] in offered["external"]
