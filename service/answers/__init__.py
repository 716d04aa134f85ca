"""What routes, agents and the page answer with: one file per subject, the same for all three."""
