"""`assay index`: what a person sees."""

from pathlib import Path

import pytest
import typer
from tests.indices.test_own import OWN, take, write_candles
from tests.indices.worlds import DAYS, create_panel
from typer.testing import CliRunner

from assay.cli import indices
from assay.kit.home import Home

pytestmark = pytest.mark.slow

app = typer.Typer()
app.command("create")(indices.create)
app.command("list")(indices.list_own)
app.command("show")(indices.show)
app.command("delete")(indices.delete)


@pytest.fixture
def runner(tmp_path: Path) -> CliRunner:
    home = Home(tmp_path / "home").create()
    take(home, write_candles(create_panel(tokens=6), tmp_path / "a.parquet", range(DAYS)))
    return CliRunner(env={"ASSAY_HOME": str(home.path)})


def test_create_list_show_delete(runner: CliRunner, tmp_path: Path) -> None:
    rules = tmp_path / "mine.toml"
    rules.write_text(OWN.replace('"Mine"', '"[/red] Mine"'))

    def run(*arguments: str) -> tuple[int, str]:
        result = runner.invoke(app, list(arguments))
        return result.exit_code, result.output

    code, text = run("create", str(rules))
    assert code == 0
    assert "yours alone" in text
    assert "SYN10" in text
    assert "largest fall" in text
    assert "Mine" in run("list")[1]
    assert run("show", "mine")[1].splitlines()[0] == next(
        line for line in text.splitlines() if "yours alone" in line
    )
    assert run("create", str(rules))[0] != 0
    assert run("delete", "mine") == (0, "Deleted mine.\n")
    assert run("show", "mine")[0] == 2
    assert "mine" not in run("list")[1]
    assert run("create", str(tmp_path / "none.toml"))[0] == 2
    rules.write_bytes(b"\xff\xfe\x00bad")
    assert run("create", str(rules))[0] == 2
