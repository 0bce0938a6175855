"""What the routes share: the state, and the facts of the present world."""

from typing import Annotated

from fastapi import Depends, Request

from assay.api.state import ApiState, Facts


async def get_state(request: Request) -> ApiState:
    """The assembled dependencies."""
    state = request.app.state.assay
    if not isinstance(state, ApiState):
        raise TypeError("the application was not made by create_app")
    return state


async def get_facts(request: Request) -> Facts:
    """The facts to answer from. Raises NotReady while they are being loaded."""
    return (await get_state(request)).require_facts()


State = Annotated[ApiState, Depends(get_state)]
LoadedFacts = Annotated[Facts, Depends(get_facts)]
