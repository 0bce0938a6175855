"""The queue of one connection: bounded, tickers replaced, changes of books never lost silently."""

import asyncio
from collections.abc import Callable

import pytest

from assay.feeds.service.inbox import AT_A_TIME, BEHIND, Inbox
from assay.feeds.types import BookSnapshot, Event, RawDelta, Ticker, Trade


def make_ticker(symbol: str, last: float) -> Ticker:
    return Ticker(symbol, last, last, last, 1.0, 1.0, 1)


def make_trade(trade_id: int) -> Trade:
    return Trade("A", trade_id, 1.0, 1.0, True, trade_id)


def in_loop(body: Callable[[list[Event], list[Event]], None]) -> tuple[list[Event], list[Event]]:
    """(worked off, lost) after `body` put things in and the loop has turned often enough."""
    handled: list[Event] = []
    lost: list[Event] = []

    async def run() -> None:
        body(handled, lost)
        for _ in range(200):
            await asyncio.sleep(0)

    asyncio.run(run())
    return handled, lost


def test_events_are_worked_off_in_order_and_not_at_once() -> None:
    trades = [make_trade(n) for n in range(3 * AT_A_TIME)]

    def body(handled: list[Event], lost: list[Event]) -> None:
        inbox = Inbox(lambda event, _: handled.append(event), lost.append)
        for trade in trades:
            inbox.put(trade, 0)
        assert handled == []
        assert len(inbox) == len(trades)

    assert in_loop(body) == (trades, [])


def test_one_turn_works_off_so_many_and_no_more() -> None:
    handled: list[Event] = []

    async def run() -> None:
        inbox = Inbox(lambda event, _: handled.append(event), lambda _: None)
        for n in range(2 * AT_A_TIME):
            inbox.put(make_trade(n), 0)
        inbox.work()
        assert len(handled) == AT_A_TIME

    asyncio.run(run())


def test_a_waiting_ticker_is_replaced_by_a_newer_one_of_its_symbol() -> None:
    def body(handled: list[Event], lost: list[Event]) -> None:
        inbox = Inbox(lambda event, _: handled.append(event), lost.append)
        inbox.put(make_ticker("A", 1.0), 0)
        inbox.put(make_ticker("B", 5.0), 0)
        inbox.put(make_ticker("A", 2.0), 0)
        assert inbox.dropped == 1
        assert len(inbox) == 2

    handled, _ = in_loop(body)
    assert handled == [make_ticker("A", 2.0), make_ticker("B", 5.0)]


def test_whole_books_are_replaced_only_where_nothing_but_whole_books_comes() -> None:
    books = [BookSnapshot("A", n, (), ()) for n in (1, 2)]

    def conflating(handled: list[Event], lost: list[Event]) -> None:
        inbox = Inbox(lambda event, _: handled.append(event), lost.append, is_conflating_books=True)
        for book in books:
            inbox.put(book, 0)

    def keeping(handled: list[Event], lost: list[Event]) -> None:
        inbox = Inbox(lambda event, _: handled.append(event), lost.append)
        for book in books:
            inbox.put(book, 0)

    assert in_loop(conflating)[0] == books[1:]
    assert in_loop(keeping)[0] == books


def test_at_the_bound_changes_and_trades_are_lost_aloud_and_tickers_replaced() -> None:
    deltas = [RawDelta("A", b"%d" % n) for n in range(7)]

    def body(handled: list[Event], lost: list[Event]) -> None:
        inbox = Inbox(lambda event, _: handled.append(event), lost.append, longest=5)
        inbox.put(make_ticker("A", 1.0), 0)
        for delta in deltas:
            inbox.put(delta, 0)
        inbox.put(make_ticker("A", 2.0), 0)
        assert len(inbox) == 5
        assert inbox.dropped == 4

    handled, lost = in_loop(body)
    assert handled == [make_ticker("A", 2.0), *deltas[:4]]
    assert lost == deltas[4:]


def test_a_full_queue_asks_the_connection_to_wait_and_lets_it_go_on() -> None:
    async def run() -> None:
        inbox = Inbox(lambda event, heard_ms: None, lambda _: None)
        for n in range(BEHIND):
            inbox.put(make_trade(n), 0)
        assert not inbox.is_behind
        inbox.put(make_trade(BEHIND), 0)
        assert inbox.is_behind
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not inbox.is_behind

    asyncio.run(run())


def test_what_fails_in_its_turn_does_not_hold_up_the_rest() -> None:
    handled: list[Event] = []
    failed: list[object] = []

    def handle(event: Event, heard_ms: int) -> None:
        if isinstance(event, Trade) and event.trade_id == 1:
            raise ValueError("wrong")
        handled.append(event)

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, found: failed.append(found))
        inbox = Inbox(handle, lambda _: None)
        for n in range(3):
            inbox.put(make_trade(n), 0)
        for _ in range(5):
            await asyncio.sleep(0)

    asyncio.run(run())
    assert handled == [make_trade(0), make_trade(2)]
    assert len(failed) == 1


def test_what_waits_is_forgotten_with_its_connection() -> None:
    def body(handled: list[Event], lost: list[Event]) -> None:
        inbox = Inbox(lambda event, _: handled.append(event), lost.append)
        inbox.put(make_ticker("A", 1.0), 0)
        inbox.put(make_trade(1), 0)
        inbox.clear()
        inbox.put(make_ticker("A", 2.0), 0)

    assert in_loop(body) == ([make_ticker("A", 2.0)], [])


@pytest.mark.parametrize("count", [1, AT_A_TIME, AT_A_TIME + 1])
def test_nothing_is_left_lying(count: int) -> None:
    def body(handled: list[Event], lost: list[Event]) -> None:
        inbox = Inbox(lambda event, _: handled.append(event), lost.append)
        for n in range(count):
            inbox.put(make_trade(n), 0)

    assert len(in_loop(body)[0]) == count
