"""A strategy of one's own: a class with a name, a flag and open(), and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import streaming
from streaming import (
    CompletionRequest,
    Pace,
    Retry,
    Strategy,
    StreamInterrupted,
    Wrapped,
    stream,
)

ASK = CompletionRequest(model="any", prompt="Say these four words")


class Echo:
    name = "echo"
    live = True

    def open(self, request: CompletionRequest) -> Iterator[str]:
        assert request.prompt is not None
        for word in request.prompt.split():
            yield f"{word} "


class Breaking(Echo):
    def open(self, request: CompletionRequest) -> Iterator[str]:
        yield from super().open(request)
        raise ConnectionError("broken")


def test_a_class_of_three_members_is_a_strategy_and_gets_the_whole_pipeline() -> None:
    strategy: Strategy = Echo()
    result = stream(strategy, ASK, pace=Pace.off()).result()
    assert result.text == "Say these four words "
    # A generator has no word on how it ended.
    assert result.status == "unknown_end"
    assert (result.metrics.strategy, result.metrics.deltas) == ("echo", 4)


def test_its_errors_become_stream_errors() -> None:
    result = stream(Breaking(), ASK, retry=Retry(attempts=1)).result()
    assert isinstance(result.error, StreamInterrupted)
    assert (result.error.code, result.error.partial) == ("cut", "Say these four words ")


class Finished:
    """An answer that says why it ended, and is closed."""

    finish_reason = "stop"

    def __init__(self) -> None:
        self.closed = False
        self._words = iter(["whole ", "answer"])

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        return next(self._words)

    def close(self) -> None:
        self.closed = True


def test_a_strategy_around_another_ends_and_is_closed_as_that_is() -> None:
    answer = Finished()

    class Loud(Echo):
        def open(self, request: CompletionRequest) -> Iterator[str]:
            return Wrapped(answer, (word.upper() for word in answer))

    result = stream(Loud(), ASK, pace=Pace.off()).result()
    assert (result.text, result.status) == ("WHOLE ANSWER", "complete")
    assert answer.closed


def test_the_strategy_that_the_readme_shows_works() -> None:
    readme = (Path(streaming.__file__).parent / "README.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    names: dict[str, type[Echo]] = {}
    exec(next(block for block in blocks if block.startswith("class Echo")), names)
    assert stream(names["Echo"](), ASK).result().text == "Saythesefourwords"
