"""Where a number leads: the publication with the rows it was read from."""

from datetime import date

from assay.briefing.page.text import OWN
from assay.briefing.types import Briefing, Resolve, Source

PATH = "/v1/publications/"


class Links:
    """Addresses of the sources of one briefing, each looked up once."""

    def __init__(self, briefing: Briefing, resolve: Resolve) -> None:
        self._own = briefing.publication_id
        self._sources = [
            Source(item["kind"], date.fromisoformat(item["as_of"]), item["rows_digest"])
            for item in briefing.row["sources"]
        ]
        self._resolve = resolve
        self._day = briefing.as_of

    def find(self, source: int | None) -> tuple[str | None, str]:
        """(address, name) of a source by its place; the address is None where the ledger does not
        hold what was read.
        """
        if source is None:
            return None, ""
        if source == OWN:
            return f"{PATH}{self._own}", "this briefing"
        found = self._sources[source]
        name = self._resolve(found)
        address = None if name is None else f"{PATH}{name}"
        return address, f"{found.kind} of {found.as_of.isoformat()}"

    def list_kinds(self) -> list[tuple[str, str | None]]:
        """(kind, address) of everything that was read of the day itself."""
        return [
            (source.kind, self.find(place)[0])
            for place, source in enumerate(self._sources)
            if source.as_of == self._day
        ]
