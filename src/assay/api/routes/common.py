"""What the routes share: the state, and the facts of the present world."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from assay.accounts.types import NOBODY, Principal, Verb
from assay.api.state import ApiState, Facts
from assay.kit.errors import BadInput, Forbidden


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


async def get_principal(request: Request) -> Principal:
    """Who asks, as the guard found out; everybody is the local user in open local mode."""
    principal = request.scope.get("assay.principal", NOBODY)
    if not isinstance(principal, Principal):
        raise TypeError("the guard sets a Principal")
    return principal


class Requirement:
    """The dependency that `require` makes; the router reads `verb` off it."""

    def __init__(self, verb: Verb) -> None:
        self.verb = verb

    async def __call__(self, request: Request) -> Principal:
        """Who asks. Raises Forbidden unless they may do `verb`."""
        principal = await get_principal(request)
        if not principal.may(self.verb):
            raise Forbidden(
                f"This needs the scope `{self.verb}`.",
                hint="Use a key with that scope, of an account whose role allows it.",
            )
        return principal


def require(verb: Verb) -> Callable[[Request], Awaitable[Principal]]:
    """A dependency for routes that need more than `Verb.READ`; it answers who asks."""
    return Requirement(verb)


Asking = Annotated[Principal, Depends(get_principal)]
State = Annotated[ApiState, Depends(get_state)]
LoadedFacts = Annotated[Facts, Depends(get_facts)]
