"""Processes that run as long as their block or command: the sandbox, the service, Dagster's."""
