"""A proxy in the environment never sees requests to this machine."""

from __future__ import annotations

import pytest

from local_cortex.loopback import bypass


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, "127.0.0.1,localhost"),
        ({"NO_PROXY": "corp.example"}, "corp.example,127.0.0.1,localhost"),
        ({"no_proxy": "a, localhost", "NO_PROXY": "b"}, "a,localhost,b,127.0.0.1"),
    ],
)
def test_loopback_is_added_to_both_spellings_and_other_hosts_stay(
    before: dict[str, str], after: str
) -> None:
    assert bypass(before) == {"no_proxy": after, "NO_PROXY": after}


def test_no_proxy_for_any_host_stays_as_it_is() -> None:
    assert bypass({"NO_PROXY": "*"}) == {}


def test_a_caller_may_keep_a_proxy_out_of_other_hosts_as_well() -> None:
    assert bypass({}, "a.example")["NO_PROXY"] == "127.0.0.1,localhost,a.example"
