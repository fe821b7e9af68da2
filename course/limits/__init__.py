"""What a shared server allows: the policy, the queue, the day's counters, and refusals."""

from course.limits.admission import (
    admitted,
    allowed_models,
    current_policy,
    enter,
    longest_prompt,
    reserve,
    say_if_unusable,
    say_refusal,
)
from course.limits.policy import Policy, Refusal, Reservation, open_policy, spent
from streaming import Place

__all__ = [
    "Place",
    "Policy",
    "Refusal",
    "Reservation",
    "admitted",
    "allowed_models",
    "current_policy",
    "enter",
    "longest_prompt",
    "open_policy",
    "reserve",
    "say_if_unusable",
    "say_refusal",
    "spent",
]
