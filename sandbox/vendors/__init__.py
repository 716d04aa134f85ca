"""One vendor, one file: its JSON, its errors and its prices are private to it."""
