"""Applications that call the service: their keys, their webhooks, and what is announced to them."""
