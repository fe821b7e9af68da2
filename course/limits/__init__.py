"""What a shared server allows: the policy, the queue, the day's counters, and refusals."""

from course.limits.admission import (
    Admission,
    allowed_models,
    ask,
    current_policy,
    longest_prompt,
    say_if_unusable,
    say_refusal,
)
from course.limits.policy import Entry, Policy, Refusal, Reservation, open_policy

__all__ = [
    "Admission",
    "Entry",
    "Policy",
    "Refusal",
    "Reservation",
    "allowed_models",
    "ask",
    "current_policy",
    "longest_prompt",
    "open_policy",
    "say_if_unusable",
    "say_refusal",
]
