"""The pages on deploying agree with each other, and with what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.deploy.shipping import ROOT

PAGES = [ROOT / "deploy" / name for name in ("README.md", "README.ko.md")]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def commands(path: Path) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", path.read_text("utf-8"), re.DOTALL)
    without_comments = (re.sub(r"\s+#.*|<[^>]+>", "", block) for block in blocks)
    return [line for block in without_comments for line in block.splitlines()]


def test_both_languages_type_the_same_and_name_the_same_sources() -> None:
    english, korean = PAGES
    assert commands(english) == commands(korean)
    sources = [
        {link for link in LINK.findall(page.read_text("utf-8")) if link.startswith("https://")}
        for page in PAGES
    ]
    assert sources[0] == sources[1]


def test_what_the_pages_type_is_there() -> None:
    named = re.findall(r"deploy/[\w./-]+\.(?:sql|yaml|conf)", "\n".join(commands(PAGES[0])))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize(
    ("name", "targets", "words"),
    [
        ("README.md", "Snowflake container runtime", "not run on a real account"),
        ("README.ko.md", "Snowflake 컨테이너 런타임", "실제 계정에서 실행해 보지 못했습니다"),
    ],
)
def test_the_matrix_says_of_each_target_inside_snowflake_that_no_account_has_run_it(
    name: str, targets: str, words: str
) -> None:
    lines = (ROOT / "deploy" / name).read_text("utf-8").splitlines()
    for target in (targets, "Snowpark Container Services"):
        (row,) = [line for line in lines if line.startswith(f"| [{target}]")]
        assert words in row
