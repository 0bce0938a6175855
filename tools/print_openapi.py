"""Prints the OpenAPI document of the native API, read from the application itself."""

import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from assay import grades, markets
from assay.api import create_app
from assay.kit.clock import FixedClock
from assay.kit.home import Home
from assay.kit.settings import Settings


def main() -> int:
    """Print the document of an application over an empty home."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(
            Home(Path(folder)),
            FixedClock(datetime(2024, 1, 1, tzinfo=UTC)),
            Settings(home=Path(folder)),
            grades=grades,
            markets=markets,
        )
        document = app.routes.openapi()
        app.state.close()
    print(json.dumps(document, indent=1, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
