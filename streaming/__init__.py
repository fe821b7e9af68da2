"""Streaming an LLM's answer: strategies behind one interface, limits, pacing and metrics.

Pure Python: importing this package imports neither Streamlit nor Snowflake. A strategy imports its
client when it is used; ``streaming.view`` alone imports Streamlit.
"""

from __future__ import annotations

from streaming.attempts import Retry
from streaming.deltas import Citation, Event, Part, Thinking, ToolCall, ToolResult, Usage
from streaming.errors import StreamError, StreamInterrupted, StreamTimeout, StreamUnavailable
from streaming.fair_queue import FairQueue, Place
from streaming.metrics import StreamMetrics
from streaming.pace import Pace
from streaming.pump import CallEnd
from streaming.request import CompletionRequest, Message
from streaming.strategies.agent import AgentStrategy
from streaming.strategies.chat_completions import ChatCompletionsStrategy
from streaming.strategies.direct import DirectStrategy
from streaming.strategies.protocol import Strategy, Wrapped
from streaming.strategies.simulated import SimulatedStrategy
from streaming.stream import Limits, Status, StreamResult, TextStream, stream

__all__ = [
    "AgentStrategy",
    "CallEnd",
    "ChatCompletionsStrategy",
    "Citation",
    "CompletionRequest",
    "DirectStrategy",
    "Event",
    "FairQueue",
    "Limits",
    "Message",
    "Pace",
    "Part",
    "Place",
    "Retry",
    "SimulatedStrategy",
    "Status",
    "Strategy",
    "StreamError",
    "StreamInterrupted",
    "StreamMetrics",
    "StreamResult",
    "StreamTimeout",
    "StreamUnavailable",
    "TextStream",
    "Thinking",
    "ToolCall",
    "ToolResult",
    "Usage",
    "Wrapped",
    "stream",
]
