"""What the routes share: the state, and the facts of the present world."""

from collections import Counter
from typing import Annotated

from fastapi import Depends, Request

from assay.api.state import ApiState, Facts
from assay.kit.errors import BadInput


async def get_state(request: Request) -> ApiState:
    """The assembled dependencies."""
    state = request.app.state.assay
    if not isinstance(state, ApiState):
        raise TypeError("the application was not made by create_app")
    return state


async def get_facts(request: Request) -> Facts:
    """The facts to answer from. Raises NotReady while they are being loaded, and BadInput for a
    parameter that is given twice.
    """
    given = Counter(name for name, _ in request.query_params.multi_items())
    twice = [name for name, count in given.most_common(1) if count > 1]
    if twice:
        raise BadInput(
            f"The parameter {twice[0][:40]} is given more than once.",
            hint="Give it once; several symbols are separated by commas.",
        )
    return (await get_state(request)).require_facts()


State = Annotated[ApiState, Depends(get_state)]
LoadedFacts = Annotated[Facts, Depends(get_facts)]
