"""Decide which sources to ask now, or to stop. Pure: no clock, no network, no store, no chance of its own.

Problem -> compile_policy(strategy) -> Policy;  Policy.next(State) -> sources to ask now
Execution -> forecast -> Forecast: what following it costs and brings

What solves is imported when it is first used: it needs numpy, which a problem and its states do not.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from enrichment.policy.problem import Offer, Policy, Problem, State, connected, continuing, parts, start

if TYPE_CHECKING:
    from enrichment.policy.baselines import Everything, Priority
    from enrichment.policy.compiled import Enhanced, compile_enhanced, compile_policy

__all__ = [
    "Enhanced",
    "Everything",
    "Offer",
    "Policy",
    "Priority",
    "Problem",
    "State",
    "compile_enhanced",
    "compile_policy",
    "connected",
    "continuing",
    "parts",
    "start",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "baselines" if name in ("Everything", "Priority") else "compiled"
    return getattr(import_module(f"{__name__}.{module}"), name)
