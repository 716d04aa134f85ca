"""How fast and how surely the events of research sessions reach those that read them."""
