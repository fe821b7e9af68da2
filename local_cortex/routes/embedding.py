"""Cortex's REST endpoint for embeddings, ``inference:embed``.

Its form is that of ``cortex-embed.yaml`` in Snowflake's REST API specifications (April 2026); each
vector is in a list of its own there. The numbers are those of SQL's ``AI_EMBED``.
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local_cortex import tokens
from local_cortex.engines.computed import DIMENSIONS, embed
from local_cortex.faults import Refusal, invalid
from local_cortex.routes import web
from local_cortex.routes.inference import authorise
from local_cortex.routes.web import json_text

# The documented limit of one request.
MOST_TEXTS = 1280
LONGEST_NAME = 100


async def inference_embed(request: Request) -> Response:
    """Answer ``{"model": ..., "text": [...]}`` with a vector for each text."""
    authorise(request)
    body = await web.json_body(request)
    model, texts = web.text(body, "model"), body.get("text")
    dimension = DIMENSIONS.get(model.lower())
    if dimension is None:
        raise Refusal(400, f'unknown model "{model[:LONGEST_NAME]}"')
    if not isinstance(texts, list) or not texts:
        raise Refusal(400, "Missing required field: text")
    if not all(isinstance(text, str) for text in texts):
        raise invalid("text must be a list of texts")
    if len(texts) > MOST_TEXTS:
        raise invalid(f"text has more than {MOST_TEXTS} texts")
    # 1,280 long texts take a second, in which the server streams other answers.
    written = await asyncio.to_thread(_written, model, texts, dimension)
    return Response(written, media_type="application/json")


def _written(model: str, texts: list[str], dimension: int) -> bytes:
    data = []
    for index, text in enumerate(texts):
        vector = [round(float(value), 8) for value in embed(text, dimension)]
        # One after the other: writing all at once lets nothing else run for half a second.
        data.append(json_text({"object": "embedding", "embedding": [vector], "index": index}))
    counted = {"model": model, "usage": {"total_tokens": sum(map(tokens.count, texts))}}
    return b'{"object":"list","data":[' + b",".join(data) + b"]," + json_text(counted)[1:]


ROUTES = [Route("/api/v2/cortex/inference:embed", inference_embed, methods=["POST"])]
