"""Commands in this process: no start of an interpreter, which costs more than most of them do."""

from pathlib import Path

from typer.testing import CliRunner, Result

from assay.cli.app import app
from assay.cli.context import out


def assay(home: Path, *arguments: str, columns: int = 160) -> Result:
    """Run a command on a terminal of so many columns."""
    before = out.width
    out.width = columns
    try:
        return CliRunner().invoke(app, arguments, env={"ASSAY_HOME": str(home)})
    finally:
        out.width = before
