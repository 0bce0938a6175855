"""Reports as self-contained HTML pages: the grades' own, and the blocks of every other one."""

from assay.evaluation.page.blocks import Card, Section, create_blank_page
from assay.evaluation.page.charts import draw_bars, draw_lines
from assay.evaluation.page.groups import draw_groups
from assay.evaluation.page.layout import create_page
from assay.evaluation.page.tables import create_table, format_number

__all__ = [
    "Card",
    "Section",
    "create_blank_page",
    "create_page",
    "create_table",
    "draw_bars",
    "draw_groups",
    "draw_lines",
    "format_number",
]
