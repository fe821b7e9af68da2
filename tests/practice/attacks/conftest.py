"""One host for all attacks of a file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import pytest

from practice.sandbox.runtime import Runtime
from tests.practice.attacks.host import SECRET, Host


@pytest.fixture(scope="module")
def host(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRACTICE_SECRET", SECRET)
        host = Host(tmp_path_factory.mktemp("host"))
        patch.setattr(tempfile, "tempdir", str(host.temporary))
        yield host
        host.close()
