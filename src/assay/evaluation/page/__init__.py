"""The evaluation report as one self-contained HTML page."""

from assay.evaluation.page.layout import create_page

__all__ = ["create_page"]
