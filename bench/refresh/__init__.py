"""Refreshing by worth, beside an oracle that knows all change rates, TTL order, and chance."""
