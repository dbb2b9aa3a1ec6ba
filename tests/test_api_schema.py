"""Every route, called with what its description allows and with what it does not."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from assistant.api.app import create_app
from assistant.api.service import Service
from tests.fakes_api import application, open_world

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
    negative_data_rejection, positive_data_acceptance, unsupported_method,
]  # fmt: skip


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with open_world(tmp_path_factory.mktemp("schema")) as opened:
        yield opened


OPERATIONS = sorted(
    f"{method.upper()} {path}" for path, operations in create_app().openapi()["paths"].items() for method in operations
)


@pytest.fixture(scope="module")
def operations(service: Service) -> dict[str, Any]:
    schema = schemathesis.openapi.from_asgi("/openapi.json", application(service), headers={"Host": "localhost"})
    return {found.ok().label: found.ok() for found in schema.get_all_operations()}


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize("label", OPERATIONS)
def test_behaviour_agrees_with_the_description(
    service: Service, operations: dict[str, Any], label: str, mode: GenerationMode
) -> None:
    # Whether bytes are a document is nothing that a schema can say.
    checks = [c for c in CHECKS if label != "POST /v1/documents" or c is not positive_data_acceptance]

    @given(case=operations[label].as_strategy(generation_mode=mode))
    @settings(
        max_examples=10, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )  # fmt: skip
    def run(case: Any) -> None:
        case.headers["Host"] = "localhost"
        case.headers["Authorization"] = f"Bearer {service.local_token}"
        case.call_and_validate(checks=checks)

    try:
        run()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "nothing can be called as described"
