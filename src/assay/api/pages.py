"""The pages as HTML: no inline script or style, all text escaped. Pure."""

from html import escape

from assay.api.problems import PROBLEMS

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
