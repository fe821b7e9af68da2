# The modules that practice/sandbox/signatures.py carries over from the installed libraries.
from typing import Any

def __getattr__(name: str) -> Any: ...
