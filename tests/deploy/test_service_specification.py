"""The service's specification has the fields that Snowflake documents, and those that it needs.

The model is strict and follows, as of November 2026,
https://docs.snowflake.com/en/developer-guide/snowpark-container-services/specification-reference
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Literal

import pydantic
import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from connection import CHOICES
from tests.deploy.shipping import ROOT, instructions

FILE = ROOT / "deploy" / "spcs" / "service.yaml"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")]
RoleName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z](\w*[A-Za-z0-9])?$")]
Memory = Annotated[str, StringConstraints(pattern=r"^\d+(M|Mi|G|Gi)$")]
Cpu = Annotated[float, Field(gt=0)] | Annotated[str, StringConstraints(pattern=r"^\d+m$")]
Port = Annotated[int, Field(ge=1, le=65535)]


class Strict(BaseModel):
    """No field but those that are documented."""

    model_config = ConfigDict(extra="forbid")


class Probe(Strict):
    port: Port
    path: Annotated[str, StringConstraints(pattern="^/")]
    periodSeconds: int = 5  # noqa: N815 - Snowflake's name
    failureThreshold: int = 3  # noqa: N815


class Amounts(Strict):
    memory: Memory
    cpu: Cpu


class Resources(Strict):
    requests: Amounts
    limits: Amounts


class Container(Strict):
    name: Name
    image: Annotated[
        str, StringConstraints(pattern=r"^/[a-z0-9_]+/[a-z0-9_]+/[a-z0-9_]+/[^:]+:.+$")
    ]
    env: dict[str, str] = {}
    readinessProbe: Probe  # noqa: N815
    resources: Resources


class Endpoint(Strict):
    name: Name
    port: Port
    public: bool = False
    protocol: Literal["HTTP", "TCP"] = "HTTP"


class Spec(Strict):
    containers: Annotated[list[Container], Field(min_length=1)]
    endpoints: list[Endpoint]


class ServiceRole(Strict):
    name: RoleName
    endpoints: Annotated[list[Name], Field(min_length=1)]


class Specification(Strict):
    spec: Spec
    serviceRoles: list[ServiceRole]  # noqa: N815


@pytest.fixture
def service() -> Specification:
    return Specification.model_validate(yaml.safe_load(FILE.read_text("utf-8")))


def test_a_field_that_is_not_documented_is_noticed() -> None:
    text = FILE.read_text("utf-8").replace("readinessProbe", "readynessProbe")
    with pytest.raises(pydantic.ValidationError, match="readynessProbe"):
        Specification.model_validate(yaml.safe_load(text))


def test_the_endpoint_and_the_probe_are_where_the_image_listens(service: Specification) -> None:
    exposed = int(next(each.text for each in instructions() if each.name == "EXPOSE"))
    command = json.loads(next(each.text for each in instructions() if each.name == "CMD"))
    (container,), (endpoint,) = service.spec.containers, service.spec.endpoints
    assert {endpoint.port, container.readinessProbe.port} == {exposed}
    assert str(exposed) in command
    assert container.readinessProbe.path == "/_stcore/health"


def test_it_can_be_opened_from_a_browser_by_whoever_has_its_role(service: Specification) -> None:
    (endpoint,), (role,) = service.spec.endpoints, service.serviceRoles
    assert endpoint.public
    assert role.endpoints == [endpoint.name]
    grants = (FILE.parent / "after_create.sql").read_text("utf-8")
    assert f"!{role.name.upper()}" in grants


def test_it_uses_the_session_token_and_holds_no_secret(service: Specification) -> None:
    (container,) = service.spec.containers
    assert container.env == {"COURSE_CONNECTION": "snowflake"}
    assert container.env["COURSE_CONNECTION"] in CHOICES


def test_the_image_is_in_the_repository_that_is_made_and_has_a_tag_to_go_back_to(
    service: Specification,
) -> None:
    (container,) = service.spec.containers
    repository, _, tag = container.image.rpartition("/")[2].partition(":")
    assert repository
    assert tag != "latest"
    made = (FILE.parent / "setup.sql").read_text("utf-8")
    folder = Path(container.image).parent.as_posix().strip("/").replace("/", ".")
    assert re.search(rf"CREATE IMAGE REPOSITORY IF NOT EXISTS {folder};", made, re.IGNORECASE)
