"""What clients ask besides market data and orders: fees, assets, and markets that are not here."""

from assay.exchange.routes.params import Params
from assay.exchange.service.venue import ACCOUNT, Venue
from assay.exchange.shapes import orders
from assay.exchange.types import format_e8

Shape = object


def show_fees(venue: Venue, params: Params) -> Shape:
    """Fees of a pair, or of every one."""
    options = venue.options

    def describe(symbol: str) -> Shape:
        venue.find_pair(symbol)
        return {
            "symbol": symbol,
            "makerCommission": orders.write_rate(options.maker_fee_ppm),
            "takerCommission": orders.write_rate(options.taker_fee_ppm),
        }

    chosen = params.read_symbols()
    return [describe(symbol) for symbol in (chosen or venue.engine.pairs)]


def show_commission(venue: Venue, params: Params) -> Shape:
    """Fees of a pair, as the account endpoint says them."""
    pair = venue.find_pair(params.need("symbol"))
    nothing = {"maker": "0.00000000", "taker": "0.00000000", "buyer": "0.00000000"}
    nothing["seller"] = "0.00000000"
    rates = {
        "maker": orders.write_rate(venue.options.maker_fee_ppm),
        "taker": orders.write_rate(venue.options.taker_fee_ppm),
    }
    return {
        "symbol": pair.symbol,
        "standardCommission": {**nothing, **rates},
        "specialCommission": nothing,
        "taxCommission": nothing,
        "discount": {
            "enabledForAccount": False,
            "enabledForSymbol": False,
            "discountAsset": "BNB",
            "discount": "0.00000000",
        },
    }


def show_coins(venue: Venue, params: Params) -> Shape:
    """Assets of the account; there is no network to move them over."""
    return [
        {
            "coin": balance.asset,
            "name": balance.asset,
            "depositAllEnable": False,
            "withdrawAllEnable": False,
            "free": format_e8(balance.free),
            "locked": format_e8(balance.locked),
            "freeze": "0",
            "withdrawing": "0",
            "ipoing": "0",
            "ipoable": "0",
            "storage": "0",
            "isLegalMoney": False,
            "trading": True,
            "networkList": [],
        }
        for balance in venue.engine.list_balances(ACCOUNT)
    ]


def show_nothing(venue: Venue, params: Params) -> Shape:
    """A market that this exchange has not: an empty list."""
    return []


def show_no_derivatives(venue: Venue, params: Params) -> Shape:
    """There are no derivatives here; clients that load every market ask."""
    return {
        "timezone": "UTC",
        "serverTime": venue.now_ms,
        "rateLimits": [],
        "exchangeFilters": [],
        "assets": [],
        "symbols": [],
    }
