"""The feed in figures, for `/metrics`."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from assay.feeds.service.feed import Feed
from assay.feeds.service.venue import VenueFeed
from assay.feeds.types import VenueState
from assay.kit.telemetry.exposition import write_counter, write_gauge

if TYPE_CHECKING:
    from prometheus_client import Metric

Read = Callable[[VenueFeed], float]

COUNTERS: Final[tuple[tuple[str, str, Read], ...]] = (
    ("messages", "Events heard of a venue", lambda venue: venue.messages),
    ("reconnects", "Connections made again", lambda venue: venue.reconnects),
    ("book_gaps", "Books that lost their sequence", lambda venue: venue.books.gaps),
    ("book_crossings", "Books found crossed", lambda venue: venue.books.crossed),
    ("malformed", "Messages put aside", lambda venue: venue.quarantine.count),
    ("dropped", "Events that found no room or were replaced", lambda venue: venue.dropped),
    ("bars_compared", "Bars compared with the venue's", lambda venue: venue.checks.compared),
    ("bars_differing", "Bars unlike the venue's", lambda venue: venue.checks.differing),
)
GAUGES: Final[tuple[tuple[str, str, Read], ...]] = (
    ("up", "1 while a venue is live", lambda venue: float(venue.state is VenueState.LIVE)),
    ("instruments", "Pairs that are watched", lambda venue: len(venue.lines)),
    (
        "books_live",
        "Books in sequence",
        lambda venue: sum(kept.is_live for kept in list(venue.books.kept.values())),
    ),
)


def collect_figures(feed: Feed) -> "Iterable[Metric]":
    """Every figure of the feed, by venue; from any thread, as only numbers are read."""
    found = [
        write_counter(
            f"assay_feed_{name}",
            f"{text}.",
            ("venue",),
            {(venue.wish.name,): float(read(venue)) for venue in feed.venues},
        )
        for name, text, read in COUNTERS
    ]
    found += [
        write_gauge(
            f"assay_feed_{name}",
            f"{text}.",
            ("venue",),
            {(venue.wish.name,): float(read(venue)) for venue in feed.venues},
        )
        for name, text, read in GAUGES
    ]
    found.append(
        write_counter(
            "assay_feed_updates", "Updates said on the bus.", (), {(): float(feed.publisher.said)}
        )
    )
    return found
