"""From page to page, and from look to look at a job. Pure."""

from typing import TypeVar

from assay.client.core.calls import ListCall, Page
from assay.client.errors import Unreadable

Row = TypeVar("Row")


def find_next(call: ListCall[Row], page: Page[Row]) -> ListCall[Row] | None:
    """The call of the page after `page`, None after the last. Raises Unreadable for a server that
    names the page it just gave as the next one.
    """
    if page.next_cursor is None:
        return None
    if call.query.get("cursor") == page.next_cursor:
        raise Unreadable("The list goes in a circle.", code="unreadable", hint="Start anew.")
    return call.at(page.next_cursor)
