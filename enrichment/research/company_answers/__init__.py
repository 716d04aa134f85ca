"""The answer for one company: its evidence, the claims that it bears out, and what is left open."""
