"""Orders taken, matched and settled: the only place where money moves.

A buyer pays what his fills cost and receives the base less its fee; a seller the other way round.
The fee is the maker's or taker's rate of what is received, rounded down to 1e-8.
"""

from assay.exchange.compute.filters import check_account, check_request
from assay.exchange.compute.market import Market, Take
from assay.exchange.compute.orders import Account, Live
from assay.exchange.compute.resting import Share
from assay.exchange.types import (
    AccountPosition,
    Event,
    ExecutionReport,
    ExecutionType,
    Fill,
    Options,
    OrderRequest,
    OrderStatus,
    OrderType,
    Outcome,
    Refusal,
    TimeInForce,
    UserEvent,
)

FIRST_OWN_TRADE = 10**12
"""Takers' trades are not on the tape; their ids begin beyond any of its ids."""
MILLION = 1_000_000


class Desk:
    """Accounts and their orders on all pairs."""

    def __init__(self, options: Options) -> None:
        self.accounts: dict[str, Account] = {}
        self.fees: dict[str, int] = {}
        """What was taken in fees, by asset."""
        self._options = options
        self._last_order = 0
        self._last_trade = FIRST_OWN_TRADE
        self._last_execution = 0

    def get_account(self, name: str) -> Account:
        """An account. Refusal(-2015) if nobody opened it."""
        if name not in self.accounts:
            raise Refusal(-2015, "Invalid API-key, IP, or permissions for action.")
        return self.accounts[name]

    def check(self, account: Account, market: Market, request: OrderRequest, now_ms: int) -> Live:
        """The order that a request makes, with nothing done yet. Refusal as `place`."""
        tick, size = check_request(market.pair, request, market.tape.get_state(now_ms)[0])
        check_account(account, market.pair, request)
        order_id = self._last_order + 1
        return Live(
            order_id=order_id,
            account=account.name,
            pair=market.pair,
            request=request,
            client_order_id=request.client_order_id or f"assay-{order_id}",
            tick=tick,
            size=size,
            time_ms=now_ms,
            update_ms=now_ms,
        )

    def plan(self, account: Account, market: Market, live: Live, now_ms: int) -> list[Take]:
        """What an order would take now, its money checked and nothing done."""
        market.lay(now_ms)
        request = live.request
        worth = (request.quote_quantity or 0) // market.tape.unit
        takes = market.walk(live.is_buy, live.tick, live.size, worth)
        if request.type is OrderType.LIMIT_MAKER and takes:
            raise Refusal(-2010, "Order would immediately match and take.")
        taken = sum(take.size for take in takes)
        if request.time_in_force is TimeInForce.FOK and taken < live.size:
            takes = []
        if not live.size:
            live.size = taken
        account.check_free(live.spends, self._count_cost(market, live, takes))
        return takes

    def _count_cost(self, market: Market, live: Live, takes: list[Take]) -> int:
        """What an order must lock: its limit, or at market what its fills cost."""
        if not live.is_buy:
            return live.size * live.pair.step
        if live.tick:
            return live.tick * live.size * market.tape.unit
        return sum(take.tick * take.size for take in takes) * market.tape.unit

    def place(
        self, account: Account, market: Market, request: OrderRequest, now_ms: int
    ) -> Outcome:
        """Take, match and rest an order."""
        live = self.check(account, market, request, now_ms)
        takes = self.plan(account, market, live, now_ms)
        self._last_order = live.order_id
        account.reserve(live, self._count_cost(market, live, takes))
        account.add(live)
        events: list[UserEvent] = [self._report(live, ExecutionType.NEW, now_ms)]
        touched = {account.name: account}
        for take in takes:
            events += self._match(account, market, live, take, now_ms)
            if take.maker is not None:
                touched[take.maker.account] = self.accounts[take.maker.account]
        if live.is_open:
            if request.type is OrderType.MARKET or request.time_in_force is not TimeInForce.GTC:
                account.close(live, OrderStatus.EXPIRED, now_ms)
                events.append(self._report(live, ExecutionType.EXPIRED, now_ms))
            else:
                market.rest(live)
        events += [self._tell_balances(each, live, now_ms) for each in touched.values()]
        return Outcome(live.freeze(), tuple(events))

    def _match(
        self, account: Account, market: Market, live: Live, take: Take, now_ms: int
    ) -> list[UserEvent]:
        """One part of what a taker takes."""
        self._last_trade += 1
        trade_id = self._last_trade
        self._settle(account, market, live, take.tick, take.size, trade_id, now_ms, False)
        events: list[UserEvent] = [self._report(live, ExecutionType.TRADE, now_ms)]
        if take.maker is None:
            market.take(take, live.is_buy)
        else:
            maker = self.accounts[take.maker.account]
            share = (take.maker, take.size)
            events.append(self._fill_maker(maker, market, share, trade_id, now_ms))
        return events

    def fill(self, market: Market, shares: list[Share], trade_id: int, now_ms: int) -> list[Event]:
        """Give resting orders their shares of a trade of the tape."""
        events: list[Event] = []
        for share in shares:
            account = self.accounts[share[0].account]
            events.append(self._fill_maker(account, market, share, trade_id, now_ms))
            events.append(self._tell_balances(account, share[0], now_ms))
        return events

    def _fill_maker(
        self, account: Account, market: Market, share: Share, trade_id: int, now_ms: int
    ) -> ExecutionReport:
        live, size = share
        market.change_own(live, -size)
        self._settle(account, market, live, live.tick, size, trade_id, now_ms, True)
        if not live.is_open:
            market.withdraw(live)
        return self._report(live, ExecutionType.TRADE, now_ms)

    def _settle(
        self,
        account: Account,
        market: Market,
        live: Live,
        tick: int,
        size: int,
        trade_id: int,
        now_ms: int,
        is_maker: bool,
    ) -> None:
        """Move the money of one fill and write it down."""
        pair, options = market.pair, self._options
        amount, worth = size * pair.step, tick * size * market.tape.unit
        rate = options.maker_fee_ppm if is_maker else options.taker_fee_ppm
        if live.is_buy:
            reserved = (live.tick or tick) * size * market.tape.unit
            paid, asset, got = worth, pair.base, amount
        else:
            reserved = paid = amount
            asset, got = pair.quote, worth
        fee = got * rate // MILLION
        account.spend(live, reserved, paid)
        account.receive(asset, got - fee)
        self.fees[asset] = self.fees.get(asset, 0) + fee
        fill = Fill(
            symbol=pair.symbol,
            trade_id=trade_id,
            order_id=live.order_id,
            side=live.request.side,
            price=tick * pair.tick,
            quantity=amount,
            quote_quantity=worth,
            commission=fee,
            commission_asset=asset,
            time_ms=now_ms,
            is_maker=is_maker,
        )
        live.fills.append(fill)
        account.fills.append(fill)
        live.executed += size
        live.executed_worth += worth
        live.update_ms = now_ms
        live.status = OrderStatus.PARTIALLY_FILLED
        if not live.left:
            account.close(live, OrderStatus.FILLED, now_ms)

    def cancel(
        self, account: Account, market: Market, live: Live, cancel_id: str, now_ms: int
    ) -> Outcome:
        """Withdraw an open order."""
        market.withdraw(live)
        account.close(live, OrderStatus.CANCELED, now_ms)
        report = self._report(live, ExecutionType.CANCELED, now_ms, cancel_id)
        return Outcome(live.freeze(), (report, self._tell_balances(account, live, now_ms)))

    def _report(
        self, live: Live, execution: ExecutionType, now_ms: int, cancel_id: str = ""
    ) -> ExecutionReport:
        self._last_execution += 1
        fill = live.fills[-1] if execution is ExecutionType.TRADE else None
        return ExecutionReport(
            live.account, execution, live.freeze(), now_ms, self._last_execution, fill, cancel_id
        )

    def _tell_balances(self, account: Account, live: Live, now_ms: int) -> AccountPosition:
        balances = (account.get_balance(live.pair.base), account.get_balance(live.pair.quote))
        return AccountPosition(account.name, balances, now_ms)
