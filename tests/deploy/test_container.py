"""The image and its compose files keep what docs/security.md asks of a server for strangers."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from practice.sandbox.places import RUN_BYTES
from practice.sandbox.runtime import CACHE_SETTING
from tests.deploy.shipping import DOCKERFILE, ROOT, Instruction, instructions

FOLDER = DOCKERFILE.parent
DIGEST = "sha256:[0-9a-f]{64}"
GIBIBYTE = 1 << 30


class Reset(list[Any]):
    """What `!reset` takes away from the file before: https://docs.docker.com/reference/compose-file/merge/"""


class Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML with the tags of compose files."""


def _reset(loader: Loader, node: yaml.SequenceNode) -> Reset:
    return Reset(loader.construct_sequence(node))


Loader.add_constructor("!reset", _reset)


def compose(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((FOLDER / name).read_text("utf-8"), Loader)
    return loaded


def named(name: str) -> list[Instruction]:
    return [each for each in instructions() if each.name == name]


@pytest.fixture
def course() -> dict[str, Any]:
    service: dict[str, Any] = compose("compose.yaml")["services"]["course"]
    return service


# The image


def test_the_base_image_is_pinned_by_digest_with_a_python_that_the_course_supports() -> None:
    (base,) = named("FROM")
    assert re.fullmatch(rf"python:3\.1[1-3]\.\d+-slim-\w+@{DIGEST}", base.text)


def test_pip_installs_nothing_but_what_has_a_known_hash() -> None:
    (install,) = [each.text for each in named("RUN") if "pip install" in each.text]
    assert "--require-hashes" in install


def test_packages_have_a_layer_of_their_own_before_the_course() -> None:
    texts = [f"{each.name} {each.text}" for each in instructions()]
    installs = next(i for i, text in enumerate(texts) if "pip install" in text)
    assert texts[installs - 1] == "COPY requirements.txt ./"
    assert not any("Home.py" in text for text in texts[:installs])


def test_it_runs_as_a_user_by_number_that_is_not_root() -> None:
    last = [each for each in instructions() if each.name in ("USER", "CMD")][-2:]
    assert [each.name for each in last] == ["USER", "CMD"]
    assert int(last[0].text) > 0


def test_the_sandbox_is_compiled_when_the_image_is_built_by_the_user_who_runs_it() -> None:
    names = [f"{each.name} {each.text}" for each in instructions()]
    user = next(i for i, name in enumerate(names) if name.startswith("USER "))
    assert "RUN python -m practice prepare" in names[user:]


def test_it_listens_for_the_outside_on_the_port_that_it_exposes_and_that_is_probed() -> None:
    command = json.loads(named("CMD")[0].text)
    options = dict(zip(command[3::2], command[4::2], strict=True))
    assert command[:3] == ["streamlit", "run", "Home.py"]
    assert options["--server.address"] == "0.0.0.0"
    assert options["--server.port"] == named("EXPOSE")[0].text
    probe = f"http://127.0.0.1:{options['--server.port']}/_stcore/health"
    assert probe in named("HEALTHCHECK")[0].text


def test_protections_of_streamlit_are_not_turned_off() -> None:
    files = [DOCKERFILE, *FOLDER.glob("compose*.yaml"), ROOT / ".streamlit" / "config.toml"]
    for file in files:
        assert not re.search(r"enableXsrfProtection|enableCORS", file.read_text("utf-8")), file


def test_nothing_secret_is_set_in_the_image() -> None:
    words = re.compile(r"password|token|secret|private_key|api_key", re.IGNORECASE)
    assert [each for each in named("ENV") + named("ARG") if words.search(each.text)] == []


# Compose


def test_only_this_machine_reaches_the_course_without_a_proxy(course: dict[str, Any]) -> None:
    assert course["ports"] == ["127.0.0.1:8501:8501"]


def test_the_container_can_write_only_where_something_is_kept(course: dict[str, Any]) -> None:
    assert course["read_only"] is True
    (kept,) = course["volumes"]
    folder = Path(kept.partition(":")[2])
    environment = dict(pair.split("=") for pair in named("ENV")[0].text.split())
    for setting in ("COURSE_DATA", CACHE_SETTING):
        assert Path(environment[setting]).is_relative_to(folder)


def test_it_has_no_rights_and_limits_of_memory_and_processes(course: dict[str, Any]) -> None:
    assert course["cap_drop"] == ["ALL"]
    assert course["security_opt"] == ["no-new-privileges:true"]
    assert course["pids_limit"] > 0
    assert course["cpus"] > 0
    memory = int(course["mem_limit"].removesuffix("g")) * GIBIBYTE
    # Half is for learners' programs; fewer than four at a time is no classroom.
    assert memory / 2 // RUN_BYTES >= 4


def test_learners_get_local_cortex_whatever_is_mounted(course: dict[str, Any]) -> None:
    assert course["environment"]["COURSE_CONNECTION"] == "local"


def test_behind_the_proxy_nobody_else_reaches_the_course_and_it_reaches_nobody() -> None:
    both = compose("compose.proxy.yaml")
    course, proxy = both["services"]["course"], both["services"]["proxy"]
    assert isinstance(course["ports"], Reset)
    assert course["ports"] == []
    assert [both["networks"][name] for name in course["networks"]] == [{"internal": True}]
    assert set(course["networks"]) < set(proxy["networks"])


def test_the_proxys_image_is_pinned_by_digest() -> None:
    proxy = compose("compose.proxy.yaml")["services"]["proxy"]
    assert re.fullmatch(rf"nginxinc/nginx-unprivileged@{DIGEST}", proxy["image"])


def test_no_log_grows_without_bound(course: dict[str, Any]) -> None:
    for service in (course, compose("compose.proxy.yaml")["services"]["proxy"]):
        assert {"max-size", "max-file"} <= set(service["logging"]["options"])


# The proxy; tests/browser/test_proxy.py runs it


@pytest.fixture(scope="module")
def nginx() -> str:
    return (FOLDER / "nginx.conf").read_text("utf-8")


def directives(nginx: str, name: str) -> list[str]:
    return [
        " ".join(found.split())
        for found in re.findall(rf"^\s*{name}\s+([^;]+);", nginx, re.MULTILINE)
    ]


def test_a_browser_stays_with_one_copy_by_a_cookie_of_the_proxys_own(nginx: str) -> None:
    assert directives(nginx, "hash") == ["$course_copy consistent"]
    cookies = [each for each in directives(nginx, "add_header") if each.startswith("Set-Cookie")]
    assert cookies[0].startswith('Set-Cookie "course_copy=$course_copy')


def test_websockets_pass_and_streamlit_sees_the_address_that_the_browser_used(nginx: str) -> None:
    headers = dict(each.split(" ", 1) for each in directives(nginx, "proxy_set_header"))
    assert headers["Upgrade"] == "$http_upgrade"
    assert headers["Connection"] == "$course_connection"
    assert headers["Host"] == "$http_host"
    assert directives(nginx, "proxy_http_version") == ["1.1"]


def test_a_reader_behind_the_proxy_is_not_taken_for_the_machines_owner(nginx: str) -> None:
    headers = dict(each.split(" ", 1) for each in directives(nginx, "proxy_set_header"))
    # What the browser says of itself is replaced, not added to.
    assert headers["X-Forwarded-For"] == "$remote_addr"


def test_the_proxy_and_the_compose_file_agree_on_ports_and_certificates(nginx: str) -> None:
    proxy = compose("compose.proxy.yaml")["services"]["proxy"]
    listens = directives(nginx, "listen")[0].split()[0]
    assert [port.split(":")[-1] for port in proxy["ports"]] == [listens]
    mounted = [volume.split(":")[1] for volume in proxy["volumes"]]
    certificates = directives(nginx, "ssl_certificate") + directives(nginx, "ssl_certificate_key")
    assert len(certificates) == 2
    assert {str(Path(each).parent) for each in certificates} <= set(mounted)


def test_the_proxy_lets_through_what_streamlit_takes_and_no_more(nginx: str) -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    (most,) = directives(nginx, "client_max_body_size")
    # Streamlit's own limit is of the file, a body is a little larger.
    assert int(most.removesuffix("m")) == config["server"]["maxUploadSize"] + 1


def test_each_address_has_a_limit_of_requests_and_of_connections(nginx: str) -> None:
    assert directives(nginx, "limit_req")
    assert directives(nginx, "limit_conn")
