"""What the service shows: frozen, the same as JSON, on the page and for agents."""
