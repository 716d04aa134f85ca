"""The assets of the three layers: raw replies, analyses, profiles."""
