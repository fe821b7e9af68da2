"""The same tokens through a stream of ours, shown by our view."""

from collections.abc import Iterator

from benchmarks.stream_pages.tokens import asked_for, tokens
from streaming import CompletionRequest, stream
from streaming.view import show

text, gap = asked_for()


class Tokens:
    """A live strategy that gives the page's tokens."""

    name = "tokens"
    live = True

    def open(self, request: CompletionRequest) -> Iterator[str]:  # noqa: ARG002 - always the same
        return tokens(text, gap)


show(stream(Tokens(), CompletionRequest(model="llama3.1-8b", prompt="Why stream?")))
