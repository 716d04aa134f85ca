"""What Dagster's ops, checks and sensors are given: the enrichment itself, and the planner."""
