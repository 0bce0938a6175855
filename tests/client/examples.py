"""The examples of docs/client.md, by their language."""

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs" / "client.md"


def list_examples(language: str) -> list[str]:
    text = DOCS.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
