"""Ways to get an answer as a series of deltas, behind one interface; a new one is one file."""

from __future__ import annotations

from streaming.strategies.agent import AgentStrategy
from streaming.strategies.chat_completions import ChatCompletionsStrategy
from streaming.strategies.direct import DirectStrategy
from streaming.strategies.protocol import Abortable, Strategy, Wrapped
from streaming.strategies.simulated import SimulatedStrategy

__all__ = [
    "Abortable",
    "AgentStrategy",
    "ChatCompletionsStrategy",
    "DirectStrategy",
    "SimulatedStrategy",
    "Strategy",
    "Wrapped",
]
