"""A program can't reach anything outside the sandbox. See ``escaping.txt``."""

from __future__ import annotations

import pytest

from tests.practice.attacks.attack import Attack, attacks
from tests.practice.attacks.host import Host


@pytest.mark.parametrize("attack", attacks("escaping"))
def test_a_way_out_is_closed_and_explained(attack: Attack, host: Host) -> None:
    host.withstands(attack)
