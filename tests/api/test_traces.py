"""One trace from the request over the job, in another process, to the database."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.api.asking import ask
from tests.api.receiver import Received, Receiver, receiving
from tests.api.serving import running
from tests.api.world import World

from assay.kit.telemetry import (
    carry,
    read_traceparent,
    span,
    start_traces,
    stop_traces,
    traceparent,
)

CALLER = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{CALLER}-00f067aa0ba902b7-01"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        start_traces(found.url, "assay-api")
        yield found
        stop_traces()


def find(receiver: Receiver, name: str) -> Received:
    return next(each for each in receiver.spans if each.name == name)


def test_without_a_receiver_nothing_is_loaded_and_nothing_happens() -> None:
    code = (
        "import sys\n"
        "from assay.kit.telemetry import span, traceparent, start_traces\n"
        "start_traces(None, 'x')\n"
        "with span('step', size=1) as step:\n"
        "    step.set({'a': 1}); step.rename('b'); step.fail('C')\n"
        "assert traceparent() is None\n"
        "loaded = [name for name in sys.modules if name.startswith('opentelemetry')]\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_spans_nest_also_over_threads_and_name_their_failure_by_class(receiver: Receiver) -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()

        def inner() -> None:
            with span("inner", size=3):
                return

        with span("outer", parent=TRACEPARENT, server=True):
            await loop.run_in_executor(None, carry(inner))

    def fail() -> None:
        with span("broken"):
            raise ValueError("secret inside")

    asyncio.run(work())
    with pytest.raises(ValueError, match="secret"):
        fail()
    assert traceparent() is None
    stop_traces()
    inner, outer, broken = (find(receiver, name) for name in ("inner", "outer", "broken"))
    assert (outer.trace, outer.parent) == (CALLER, "00f067aa0ba902b7")
    assert (inner.trace, inner.parent) == (CALLER, outer.span)
    assert broken.is_failed
    assert "ValueError" in broken.attributes["error.type"]
    assert b"secret" not in b"".join(receiver.raw)


@pytest.mark.parametrize(
    "value",
    ["", "x", TRACEPARENT.upper(), TRACEPARENT + "-x", "00-" + "0" * 32 + "-00f067aa0ba902b7-01"],
)
def test_what_is_no_traceparent_begins_a_trace_of_its_own(value: str, receiver: Receiver) -> None:
    assert read_traceparent(value) is None
    with span("alone", parent=value):
        pass
    stop_traces()
    assert find(receiver, "alone").parent == ""


def test_a_request_is_named_by_its_template(world: World, receiver: Receiver) -> None:
    answer = ask(
        world.app.declared,
        "/v1/tokens/BTC?as_of=2023-01-02",
        [(b"traceparent", TRACEPARENT.encode())],
    )
    ask(world.app.declared, "/nowhere/at/all")
    stop_traces()
    request = find(receiver, "GET /v1/tokens/{symbol}")
    assert request.trace == CALLER
    assert answer.request_id in request.attributes["assay.request_id"]
    assert find(receiver, "GET unmatched").attributes["http.response.status_code"].strip() != ""
    raw = b"".join(receiver.raw)
    assert b"2023-01-02" not in raw
    assert b"nowhere" not in raw


def test_the_frameworks_own_telemetry_is_off(world: World) -> None:
    """It records validation failures and exceptions with what was sent."""
    assert not world.app.routes._native_telemetry.enabled()


@pytest.mark.slow
def test_one_trace_spans_request_job_and_database(fresh_world: World, receiver: Receiver) -> None:
    home = fresh_world.app.state.home
    script = Path(__file__).with_name("traced_worker.py")
    worker = subprocess.Popen(
        [sys.executable, str(script), str(home.path), receiver.url],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT / "src"))},
    )
    try:
        with running(fresh_world.app) as url:
            answer = httpx.post(
                f"{url}/v1/jobs",
                json={"kind": "evaluation", "parameters": {"kind": "trader"}},
                headers={"traceparent": TRACEPARENT},
                trust_env=False,
                timeout=30.0,
            )
            assert answer.status_code == 202, answer.text
            receiver.wait_for("job evaluation")
    finally:
        worker.terminate()
        worker.wait()
    stop_traces()
    ours = [each for each in receiver.spans if each.trace == CALLER]
    job = next(each for each in ours if each.name == "job evaluation")
    request = next(each for each in ours if each.name == "POST /v1/jobs")
    assert (job.service, request.service) == ("assay-worker", "assay-api")
    assert job.parent == request.span
    written = [receiver.ancestors(each) for each in ours if each.name == "database write"]
    assert ["database write", "POST /v1/jobs"] in written
    assert ["database write", "job evaluation", "POST /v1/jobs"] in written
