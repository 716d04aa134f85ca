"""Decide which sources to ask now, or to stop. Pure: no clock, no network, no store, no chance of its own.

Problem -> compile_policy(strategy) -> Policy;  Policy.next(State) -> sources to ask now
Execution -> forecast -> Forecast: what following it costs and brings
"""
