"""Compiles the modules of the sandbox inside it, once for all programs; a program by itself.

To do it for each of them would be a third of the time that one takes to start. No program runs
beside it, so what comes out can be believed.
"""
# mypy: ignore-errors

import binascii
import json
import marshal
import os

_received = b""
while b"\n" not in _received:
    _received += os.read(0, 1 << 16) or b"\n"
_compiled = {
    name: binascii.b2a_base64(marshal.dumps(compile(text, f"<{name}>", "exec")), newline=False)
    for name, text in json.loads(_received).items()
}
_line = json.dumps({name: data.decode() for name, data in _compiled.items()}).encode()
while _line:
    _line = _line[os.write(1, _line) :]
