"""What Dagster records of companies: events, many in one transaction, with their metadata."""
