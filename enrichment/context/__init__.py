"""What one request runs in, and the trace of what happened in it."""
