"""docs/client.md: every example runs, from signing up to the first grade."""

from pathlib import Path

import pytest
from tests.client.examples import list_examples

from assay.client import Client


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_python_examples_run_one_after_the_other(
    keyed: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    first, *others = list_examples("python")
    assert len(others) >= 6
    names: dict[str, object] = {}
    exec(compile(first.replace("http://127.0.0.1:8000", keyed), "first", "exec"), names)  # noqa: S102
    said = capsys.readouterr().out.split()
    assert len(said) >= 3
    assert 0 <= float(said[1]) <= 100
    key = names["key"]
    assert isinstance(key, str)
    assert key.startswith("ak_")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSAY_API_URL", keyed)
    monkeypatch.setenv("ASSAY_API_KEY", key)
    for number, example in enumerate(others):
        exec(compile(example, f"example {number}", "exec"), names)  # noqa: S102
    assert key not in capsys.readouterr().out
    for name in ("assay", "patient"):
        client = names[name]
        assert isinstance(client, Client)
        client.close()
