"""Answers to measure with: Markdown as models write it, the same at every call."""

from __future__ import annotations

from itertools import count

SECTION = """\
## Part {number}: why answers stream

A model writes its answer **one token after another**. Nobody has to wait for the last one before
reading the first: showing each token at once lets people read *while* the model thinks. That
is what `st.write_stream` is for, and it costs little as long as the answer is short.

- The first words come after the *time to first token*, and not after the whole generation.
- The pace is the model's: some tokens come in a bunch, others after a pause.
- A reader who has seen enough can stop, and the rest is never paid for.

| Measure | Unit | What it tells |
|---|---|---|
| Time to first token | seconds | how long the page looks frozen |
| Inter-chunk gap | milliseconds | whether the text flows or jerks |
| Characters a second | 1/s | whether anybody can read along |

Here is the whole of it in Python:

```python
def answer_{number}(prompt: str) -> Iterator[str]:
    for delta in Complete(model, prompt, session=session, stream=True):
        if delta:
            yield delta


st.write_stream(answer_{number}("Explain quantum computing in simple terms."))
```

1. Ask the model, and keep the connection open.
2. Read the events as they arrive, and take the text out of each.
3. Hand it to the page, which puts it behind what is there already.

"""


def answer(characters: int) -> str:
    """Return an answer of that many characters: paragraphs, lists, tables and code blocks."""
    sections: list[str] = []
    length = 0
    for number in count(1):
        if length >= characters:
            break
        sections.append(SECTION.format(number=number))
        length += len(sections[-1])
    return "".join(sections)[:characters]
