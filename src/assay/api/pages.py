"""The pages as HTML: no inline script or style, all text escaped. Pure."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from html import escape
from typing import Any

from assay.api.problems import PROBLEMS
from assay.api.start import Board, Start, Told

PAGE = "text/html; charset=utf-8"

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="/assets/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/assay.css">
{extra}</head>
"""
_MARK = (
    '<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><circle cx="16" cy="16" r="13"/>'
    '<path d="M9 22 16 8l7 14M11.6 17.2h8.8"/></svg>'
)
_FOOT = """<footer>
<p><strong>Not investment advice.</strong> Grades are research: they rank coins against one another
and recommend nothing. Past performance promises none.</p>
<nav><a href="/docs">API reference</a><a href="/openapi.json">OpenAPI</a>
<a href="/errors">Error codes</a><a href="/readyz">Readiness</a></nav>
</footer>
</main>
</body>
</html>
"""
_WORDS = {
    "trader": ("Trader grade", "the next 7 days"),
    "investor": ("Investor grade", "the next 90 days"),
}
_ORIGINS = {
    "live": "said before the outcome",
    "replay": "said under a replayed clock",
    "backfilled": "computed later from what was known then",
}
_BEGINNINGS = (
    "/v1/grades/trader?limit=20",
    "/v1/grades/trader/BTC/explanation",
    "/v1/grades/investor?as_of=2022-05-01&symbol=LUNA",
    "/v1/signals/daily?signal=1&sort=-confidence",
    "/v1/indices/trader/performance?limit=1000",
)


def draw_start(start: Start) -> str:
    """The start page."""
    verb = "Recorded data to" if start.is_recorded else "Data to"
    boards = "\n".join(draw_board(board, start.newest_day) for board in start.boards)
    if not boards:
        boards = '<p class="note">Nothing has been graded yet. Run <code>assay grade</code>.</p>'
    told = "\n".join(draw_told(item) for item in start.told)
    filling = (
        f'<p class="filling">Past days are still being published: {escape(start.history)}.</p>\n'
        if start.history
        else ""
    )
    origins = sorted({board.origin for board in start.boards})
    said = "; ".join(f"{origin}: {_ORIGINS[origin]}" for origin in origins)
    return f"""{_HEAD.format(title="Assay", extra="")}<body>
<main>
<header>
<h1>{_MARK}Assay</h1>
<p class="lede">Every coin graded from what was known that day, said in a form that cannot be
changed, and open to anyone who wants to check. <a href="/market">Look at the market</a></p>
</header>
<p class="banner"><span><strong>{verb} {_long(start.newest_day)}</strong></span>
<span>{escape(said) or "no judgements yet"}</span>
<span>{start.tokens} tokens, {start.ended} of them ended</span></p>
{filling}<div class="boards">
{boards}
</div>
<div class="cards">
{told}
</div>
<section class="try">
<h2>Ask for it</h2>
{draw_asking(start)}
</section>
{_FOOT}"""


def draw_asking(start: Start) -> str:
    """Commands to begin with; in keyed mode also how one gets a key."""
    note, key = "", ""
    if start.is_keyed:
        key = '-H "x-api-key: $KEY" '
        note = """<p class="note">This server asks for a key, here and behind every link of this
page. <code>POST /v1/accounts</code> signs you up, <code>POST /v1/keys</code> makes a key
(<a href="/docs">/docs</a>).</p>
"""
    commands = "\n".join(
        f"curl {key}'http://127.0.0.1:{start.port}{escape(path)}'" for path in _BEGINNINGS
    )
    return f"{note}<pre><code>{commands}</code></pre>"


def draw_board(board: Board, newest_day: date) -> str:
    """One table of the best grades of a kind; says so where the data have gone on without it."""
    name, horizon = _WORDS[board.kind]
    behind = (
        ""
        if board.as_of >= newest_day
        else ("<br>The data go on after that day: <code>assay backfill</code> grades the rest.")
    )
    rows = "\n".join(_draw_row(row) for row in board.rows)
    return f"""<section class="board">
<h2>{name} <small>over {horizon}</small></h2>
<table>
<thead><tr><th class="n">#</th><th>Token</th><th>Grade</th><th class="n">1 day</th>
<th>Label</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
<p class="note">{board.as_of} · {board.viewed} graded, {board.unviewed} without a view ·
<a href="/v1/grades/{board.kind}?limit=1000">all</a> ·
<a href="/v1/publications/{escape(board.publication_id)}">{escape(board.origin)} publication</a>
{behind}</p>
</section>"""


def draw_told(told: Told) -> str:
    """One card of another kind: a few lines and where to read on."""
    lines = "\n".join(
        f"<dt>{escape(name)}</dt><dd>{escape(said)}</dd>" for name, said in told.lines
    )
    return f"""<section class="card">
<h2>{escape(told.title)}</h2>
<dl>
{lines}
</dl>
<p class="note">{told.as_of} · <a href="{escape(told.link)}">all</a> ·
<a href="/v1/publications/{escape(told.publication_id)}">publication</a></p>
</section>"""


def draw_loading(progress: str) -> str:
    """The start page while the first load is under way; it reloads itself."""
    refresh = '<meta http-equiv="refresh" content="3">\n'
    return f"""{_HEAD.format(title="Assay is loading", extra=refresh)}<body>
<main>
<header><h1>{_MARK}Assay</h1></header>
<p class="banner"><strong>Loading.</strong>
<span>{escape(progress) or "The first load is under way."}</span></p>
<p class="note">The first start loads the recorded market and grades every day of it. This page
reloads by itself.</p>
{_FOOT}"""


def draw_reference() -> str:
    """The API reference."""
    extra = (
        '<link rel="stylesheet" href="/assets/swagger-ui.css">\n'
        '<link rel="stylesheet" href="/assets/docs.css">\n'
        '<script src="/assets/swagger-ui-bundle.js" defer></script>\n'
        '<script src="/assets/docs.js" defer></script>\n'
    )
    return f"""{_HEAD.format(title="Assay API", extra=extra)}<body class="reference">
<p class="home"><a href="/">{_MARK}Assay</a></p>
<div id="reference"></div>
<noscript><main><p>The reference needs scripts; the same is in
<a href="/openapi.json">/openapi.json</a>.</p></main></noscript>
</body>
</html>
"""


def draw_codes() -> str:
    """Every error code with its status and what to do."""
    rows = "\n".join(
        f'<tr id="{kind.code}"><td><code>{kind.code}</code></td><td class="n">{kind.status}</td>'
        f"<td>{escape(kind.title)}</td><td>{'yes' if kind.error.retryable else 'no'}</td>"
        f"<td>{escape(kind.remedy)}</td></tr>"
        for kind in PROBLEMS.values()
    )
    return f"""{_HEAD.format(title="Assay error codes", extra="")}<body>
<main>
<header><h1><a href="/">{_MARK}Assay</a></h1>
<p class="lede">Every error is a problem document (RFC 9457). These are its codes.</p></header>
<table class="codes">
<thead><tr><th>Code</th><th class="n">Status</th><th>Title</th><th>Retry</th><th>What to do</th>
</tr></thead>
<tbody>
{rows}
</tbody>
</table>
{_FOOT}"""


def _draw_row(row: Mapping[str, Any]) -> str:
    grade, label = str(row["grade"]), str(row.get("label") or "")
    change = row.get("change")
    moved = "" if change is None else f"{Decimal(str(change)):+}"
    tone = " down" if moved.startswith("-") else " up" if moved.strip("+0.") else ""
    return (
        f'<tr><td class="n rank">{escape(str(row.get("rank") or ""))}</td>'
        f'<td class="token"><b>{escape(str(row["symbol"]))}</b>'
        f"<span>{escape(str(row['name']))}</span></td>"
        f'<td class="grade"><b>{escape(grade)}</b>'
        f'<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="100" height="4"/><rect class="fill" width="{escape(grade)}" height="4"/>'
        f'</svg></td><td class="n{tone}">{escape(moved)}</td>'
        f'<td><span class="label {_slug(label)}">{escape(label)}</span></td></tr>'
    )


def _slug(label: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in label.lower())


def _long(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
