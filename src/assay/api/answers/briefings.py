"""The briefing as a page and as Markdown, drawn from what was sealed."""

import base64
import hashlib
import re
from collections.abc import Callable

from assay import briefing
from assay.api.answers.published import find_publication
from assay.api.kinds.briefing import BRIEFING
from assay.api.parameters import SaidQuery
from assay.api.sealed import Content
from assay.api.state import ApiState, Facts
from assay.briefing import Briefing, Resolve
from assay.kit.errors import NotFound

HTML = "text/html; charset=utf-8"
MARKDOWN = "text/markdown; charset=utf-8"


def answer_page(state: ApiState, facts: Facts, query: SaidQuery) -> Content:
    """The briefing of a day as one page. Only its own style may run in it, named by its digest."""
    page = draw(state, facts, query, briefing.render_html)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = hashlib.sha256((style[1] if style else "").encode()).digest()
    policy = (
        f"default-src 'none'; style-src 'sha256-{base64.b64encode(digest).decode()}'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return Content(page.encode(), HTML, policy.encode())


def answer_markdown(state: ApiState, facts: Facts, query: SaidQuery) -> Content:
    """The briefing of a day as text."""
    return Content(draw(state, facts, query, briefing.render_markdown).encode(), MARKDOWN)


def draw(
    state: ApiState, facts: Facts, query: SaidQuery, render: Callable[[Briefing, Resolve], str]
) -> str:
    """What stands for the day asked, drawn. Raises NotFound or InFuture like the JSON of it."""
    said = find_publication(state, facts, BRIEFING, query.as_of, query.said_by)
    found = briefing.load_briefing(state.database, said.as_of, query.said_by)
    if found is None:
        raise NotFound(f"There is no briefing of {said.as_of}.")
    return render(found, briefing.create_resolver(state.database))
