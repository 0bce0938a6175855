"""The cards of a briefing, in reading order."""

from assay.briefing.page.blocks import Card
from assay.briefing.page.cards import create_forecast_card, create_grade_card, create_market_card
from assay.briefing.page.decisions import (
    create_index_card,
    create_pick_card,
    create_risk_card,
    create_signal_card,
)
from assay.briefing.page.text import Row


def create_cards(row: Row) -> list[Card]:
    """Market and forecasts, grades, decisions, picks."""
    return [
        create_market_card(row["market"]),
        create_forecast_card(row["forecasts"]),
        *(create_grade_card(board) for board in row["grades"]["boards"]),
        create_signal_card(row["signals"]),
        create_index_card(row["indices"]),
        create_risk_card(row["risks"]),
        *(create_pick_card(board) for board in row["picks"]["boards"]),
    ]
