"""The process in which one program runs; started as a script, with an empty environment.

It is given the folder that wasmtime is in, the compiled interpreter, and the limits of memory
(bytes) and processor time (seconds). Its pipes are those of the program: the interpreter inside
reads and writes nothing else. It has no folder, no environment, no network and no other process;
wasmtime gives a module nothing that its host did not.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from typing import Any

#: What it exits with. PROTOCOL is also the program's: its end could not be told (guest/boot.py).
CPU, MEMORY, CRASH, PROTOCOL = 90, 91, 92, 93

MEBIBYTE = 1 << 20
LOOK_SECONDS = 0.04
# What Python and wasmtime take beside the program's memory, twice over.
OWN_MEMORY = 96 * MEBIBYTE


def main(folder: str, compiled: str, memory: int, cpu: float, start: str) -> None:
    _limit_this_process(memory, cpu)
    spent = threading.Event()
    watched: list[Any] = []
    threading.Thread(target=_watch, args=(cpu, spent, watched), daemon=True).start()
    sys.path.append(folder)
    import wasmtime

    config = wasmtime.Config()
    config.epoch_interruption = True
    engine = wasmtime.Engine(config)
    watched.append(engine)
    module = wasmtime.Module.deserialize_file(engine, compiled)
    store = wasmtime.Store(engine)
    store.set_limits(memory_size=memory, instances=1, memories=1, tables=4)
    store.set_epoch_deadline(1)
    wasi = wasmtime.WasiConfig()
    # Isolated, without site-packages, without byte code files; UTF-8 whatever the machine says.
    wasi.argv = ["python", "-I", "-S", "-B", "-X", "utf8", "-c", start]
    wasi.env = []
    wasi.inherit_stdin()
    wasi.inherit_stdout()
    store.set_wasi(wasi)
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    exports: Any = linker.instantiate(store, module).exports(store)
    code = 0
    try:
        exports["_start"](store)
    except wasmtime.ExitTrap as ended:
        code = ended.code if ended.code in (0, PROTOCOL) else CRASH
    except (wasmtime.Trap, wasmtime.WasmtimeError):
        code = CRASH
    if spent.is_set():
        code = CPU
    elif code and exports["memory"].data_len(store) > memory - 8 * MEBIBYTE:
        code = MEMORY
    # Nothing is left to tidy up, and threads of wasmtime's would be waited for.
    os._exit(code)


def _watch(cpu: float, spent: threading.Event, engines: list[Any]) -> None:
    """End the program when its processor time is up, and this process when its parent has died.

    On Windows a process keeps the number of its dead parent: there it ends when the program next
    reads or writes.
    """
    parent = os.getppid()
    while os.getppid() == parent:
        if time.process_time() > cpu and engines:
            spent.set()
            engines.pop().increment_epoch()
        time.sleep(LOOK_SECONDS)
    os._exit(0)


def _limit_this_process(memory: int, cpu: float) -> None:
    """Keep the worker itself small, should a program ever get out of the sandbox."""
    # If memory runs out in spite of it, a worker is killed first, not the server.
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")
    if hasattr(os, "nice"):
        # The process that serves pages goes first.
        with contextlib.suppress(OSError):
            os.nice(5)
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    for what, most in (
        (resource.RLIMIT_CPU, int(cpu) + 2),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_DATA, memory + OWN_MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 32),
    ):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    _folder, _compiled, _memory, _cpu, _start = sys.argv[1:]
    main(_folder, _compiled, int(_memory), float(_cpu), _start)
