"""What every call passes: its key and rights, limits, bodies, how errors and streams look on the wire."""
