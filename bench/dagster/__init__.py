"""What Dagster costs beside the enrichment itself: events of a batch, 100,000 partitions."""
