"""Generated requests, right and wrong, to the routes of people: no 5xx, nothing undeclared."""

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from tests.accounts.people import EMAIL
from tests.api.people import open_site
from tests.api.test_contract import CHECKS

from assay import accounts
from assay.accounts.types import Role

TAGS = {"accounts"}
PATIENCE_S = 60.0
"""No test is decided by it: the machine may be busy."""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_answer_is_one_that_the_document_promises(
    tmp_path: Path, mode: GenerationMode
) -> None:
    with open_site(tmp_path) as site:
        owner = site.create(EMAIL, Role.OWNER)
        headers = {"x-api-key": site.create_key(owner)}
        schema = schemathesis.openapi.from_url(f"{site.url}/openapi.json", timeout=PATIENCE_S)
        operations = [result.ok() for result in schema.get_all_operations()]
        asked = [one for one in operations if TAGS & set(one.definition.raw.get("tags", ()))]
        assert len(asked) >= 25
        for operation in asked:
            raw = operation.definition.raw
            # Nothing about a request that has neither parameters nor a body can be wrong.
            if mode is GenerationMode.NEGATIVE and not {"parameters", "requestBody"} & raw.keys():
                continue
            ask_generated(operation, mode, headers)
        # Whatever was asked, the one owner is there and may come in.
        assert accounts.get_account(site.app.state.database, owner.account_id).role is Role.OWNER


def ask_generated(operation: Any, mode: GenerationMode, headers: dict[str, str]) -> None:
    @settings(
        max_examples=12,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def ask_one(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        case.validate_response(case.call(headers=headers, timeout=PATIENCE_S), checks=CHECKS)

    ask_one()
