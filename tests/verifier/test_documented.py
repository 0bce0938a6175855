"""The examples of docs/verify.md run as they are printed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.verifier.logs import publish_log

from assay import ledger
from assay.kit.database import Database
from assay.kit.home import Home
from assay.ledger import Selection

PAGE = Path("docs/verify.md")


@pytest.mark.slow
def test_the_examples_run_as_printed(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    log = publish_log(home, 5)
    with Database(home).read() as connection:
        newest = ledger.list_headers(connection, Selection(), None, 1)[0]
    examples = re.findall(r"```bash\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(examples) == 4
    steps = [f'( cd "$TOP"\n{example} )\n' for example in examples]
    script = "set -e\n" + "".join(steps)
    run = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={
            **os.environ,
            "ASSAY_HOME": str(home.path),
            "ID": newest.publication_id,
            "KEY": log.vkey,
            "THEN": "2023-06-02T04:30:00Z",
            "TOP": str(tmp_path),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("VERIFIED: all this holds.") == 4
