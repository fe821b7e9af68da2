"""A program can't fool its host. See ``deceiving.txt``."""

from __future__ import annotations

import pytest

from tests.practice.attacks.attack import Attack, attacks
from tests.practice.attacks.host import Host


@pytest.mark.parametrize("attack", attacks("deceiving"))
def test_a_forgery_is_contained_and_explained(attack: Attack, host: Host) -> None:
    host.withstands(attack)
