"""A sealed briefing as a page for people: HTML and Markdown, from the same sentences. Pure."""

from assay.briefing.page.layout import render_html
from assay.briefing.page.markdown import render_markdown

__all__ = ["render_html", "render_markdown"]
