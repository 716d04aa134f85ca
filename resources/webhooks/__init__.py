"""Webhooks are sent to public addresses alone, whose names are looked up in threads of their own."""
