"""The websites of the companies: their pages, as a visitor gets them."""
