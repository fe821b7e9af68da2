"""The first lines that run in the sandbox: they take the other modules in, compiled."""
# mypy: ignore-errors

import binascii
import json
import marshal
import os
import sys
from importlib.machinery import ModuleSpec

_received = b""
while b"\n" not in _received:
    _read = os.read(0, 1 << 16)
    if not _read:
        os._exit(0)
    _received += _read
_job = json.loads(_received)


class _Sent:
    """Imports what was sent, under the name that it was sent under.

    Not one of importlib.abc's: to import that takes a tenth of a second here, of every run.
    """

    def find_spec(self, name, path=None, target=None):  # noqa: ARG002 - importlib's
        if name not in _job["modules"]:
            return None
        package = any(other.startswith(name + ".") for other in _job["modules"])
        return ModuleSpec(name, self, origin=f"<{name}>", is_package=package)

    def create_module(self, spec):  # noqa: ARG002 - importlib's
        return None

    def exec_module(self, module):
        code = binascii.a2b_base64(_job["modules"][module.__name__])
        exec(marshal.loads(code), module.__dict__)  # noqa: S102, S302 - guest/compile.py's


sys.meta_path.insert(0, _Sent())
from practice.guest import boot  # noqa: E402

boot.main(_job)
