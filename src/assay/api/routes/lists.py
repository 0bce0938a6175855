"""How every list route answers: a sealed page of JSON, or the whole list streamed in bulk."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Concatenate, ParamSpec

from fastapi import Depends, Request
from starlette.responses import Response

from assay.accounts.types import NOBODY
from assay.api.answers.lists import Found, answer_page, open_bulk
from assay.api.bulk import BulkResponse, compute_tag, say_unchanged
from assay.api.negotiation import Format, choose_coding, choose_format
from assay.api.parameters import ListQuery
from assay.api.problems import NotAcceptable
from assay.api.routes.common import LoadedFacts, State
from assay.api.sealed import SealedResponse, matches_etag
from assay.api.state import ApiState, Facts
from assay.kit.errors import KeyRequired

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What a list route needs of a request besides its parameters. `stamp` is empty, or changes
    with what the version word does not cover; such answers are not remembered.
    """

    request: Request
    state: ApiState
    facts: Facts
    stamp: str = ""


async def get_list_request(request: Request, state: State, facts: LoadedFacts) -> ListRequest:
    """The same as a dependency."""
    return ListRequest(request, state, facts)


Asked = Annotated[ListRequest, Depends(get_list_request)]


async def answer_list(
    asked: ListRequest,
    query: ListQuery,
    find: Callable[Concatenate[ApiState, Facts, P], Found],
    *args: P.args,
    **kwargs: P.kwargs,
) -> Response:
    """A list in the format that `format` or Accept asks for. Raises NotAcceptable for any other,
    and KeyRequired where nobody asks for one in bulk.
    """
    state, facts = asked.state, asked.facts
    form = query.format or choose_format(read_header(asked.request, b"accept"))
    if form is None:
        types = ", ".join(form.media_type for form in Format)
        raise NotAcceptable(
            "Lists do not come in a format that you accept.", hint=f"Accept one of {types}."
        )
    if form is Format.JSON:
        page = partial(answer_page, state, facts, find, query.limit, *args, **kwargs)
        return SealedResponse(await state.read(page), remember=not asked.stamp)
    if asked.request.scope.get("assay.principal") is NOBODY:
        # A stream holds one of few places, so that it must be somebody's.
        raise KeyRequired("Lists in bulk need a key.", hint="Ask for JSON, or send a key.")
    coding = choose_coding(read_header(asked.request, b"accept-encoding"))
    tag = compute_tag(asked.request.scope, state.world.word, asked.stamp, form, coding)
    wanted = read_header(asked.request, b"if-none-match")
    if wanted and matches_etag(wanted, tag):
        return say_unchanged(tag)
    open_list = partial(open_bulk, state, facts, find, query, form, *args, **kwargs)
    return BulkResponse(state.bulk, open_list, form, coding, tag)


def read_header(request: Request, name: bytes) -> bytes:
    """All values of a header, joined as one."""
    return b",".join(value for key, value in request.scope["headers"] if key == name)
