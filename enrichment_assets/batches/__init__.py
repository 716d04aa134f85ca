"""The batch job: one run of Dagster as a worker of a batch, and what Dagster shows of its companies."""
