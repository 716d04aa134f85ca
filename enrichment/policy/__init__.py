"""Decide which sources to ask now, or to stop. Pure: no clock, no network, no store, no chance of its own.

Problem -> compile_policy(strategy) -> Policy;  Policy.next(State) -> sources to ask now
Execution -> forecast -> Forecast: what following it costs and brings
"""

from enrichment.policy.baselines import Everything, Priority
from enrichment.policy.compiled import Enhanced, compile_enhanced, compile_policy
from enrichment.policy.problem import Offer, Policy, Problem, State, connected, continuing, parts, start

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
