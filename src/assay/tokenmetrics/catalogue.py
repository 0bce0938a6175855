"""Every path of the contract, in the order of the documentation."""

from assay.tokenmetrics.endpoints import (
    absent,
    charts,
    forecasts,
    grades,
    indices,
    market,
    moonshots,
    portfolios,
    prices,
    quant,
    reports,
    signals,
    tokens,
)

ENDPOINTS = (
    *tokens.ENDPOINTS,
    *prices.ENDPOINTS,
    *grades.ENDPOINTS,
    *signals.ENDPOINTS,
    *quant.ENDPOINTS,
    *forecasts.ENDPOINTS,
    *market.ENDPOINTS,
    *indices.ENDPOINTS,
    *portfolios.ENDPOINTS,
    *moonshots.ENDPOINTS,
    *reports.ENDPOINTS,
    *absent.ENDPOINTS,
    *charts.ENDPOINTS,
)
