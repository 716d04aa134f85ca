"""Decide which sources to ask now, or to stop. Pure: no clock, no network, no store, no chance of its own.

Problem -> compile_policy(strategy) -> Policy;  Policy.next(State) -> sources to ask now
"""

from enrichment.policy.baselines import Everything, Priority
from enrichment.policy.compiled import Enhanced, compile_enhanced, compile_policy
from enrichment.policy.forecast import Execution, Forecast, forecast, simulate
from enrichment.policy.problem import Offer, Policy, Problem, State, connected, continuing, parts, start
from enrichment.policy.value_table import Prospect

__all__ = [
    "Enhanced",
    "Everything",
    "Execution",
    "Forecast",
    "Offer",
    "Policy",
    "Priority",
    "Problem",
    "Prospect",
    "State",
    "compile_enhanced",
    "compile_policy",
    "connected",
    "continuing",
    "forecast",
    "parts",
    "simulate",
    "start",
]
