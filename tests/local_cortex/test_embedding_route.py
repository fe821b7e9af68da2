"""``inference:embed``, by hand."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from snowflake.snowpark import Session

from local_cortex import tokens

EMBED = "/api/v2/cortex/inference:embed"
MODEL = "snowflake-arctic-embed-m-v1.5"


def test_each_text_gets_the_vector_that_sql_gives_it(rest: httpx.Client, session: Session) -> None:
    texts = ["streaming", "스트리밍 👨‍👩‍👧‍👦"]
    # A model's name may have capitals, here and in SQL.
    answer = rest.post(EMBED, json={"model": MODEL.upper(), "text": texts}).json()
    assert (answer["object"], answer["model"]) == ("list", MODEL.upper())
    assert answer["usage"] == {"total_tokens": sum(map(tokens.count, texts))}
    for index, (text, one) in enumerate(zip(texts, answer["data"], strict=True)):
        assert (one["object"], one["index"]) == ("embedding", index)
        [vector] = one["embedding"]
        [[expected]] = session.sql("SELECT AI_EMBED(?, ?)", [MODEL.upper(), text]).collect()
        assert len(vector) == 768
        assert vector == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"text": ["a"]}, "Missing required field: model"),
        ({"model": "", "text": ["a"]}, "Missing required field: model"),
        ({"model": "e5", "text": ["a"]}, 'unknown model "e5"'),
        ({"model": MODEL}, "Missing required field: text"),
        ({"model": MODEL, "text": []}, "Missing required field: text"),
        ({"model": MODEL, "text": "a"}, "Missing required field: text"),
        ({"model": MODEL, "text": ["a", 1]}, "text must be a list of texts"),
    ],
)
def test_a_request_that_snowflake_would_refuse_is_refused(
    rest: httpx.Client, body: dict[str, Any], message: str
) -> None:
    answer = rest.post(EMBED, json=body)
    assert answer.status_code == 400
    assert message in answer.json()["message"]
