"""The life of a purchase, from its reservation to its end; what limits it: caps, outages, the vendors' rates."""
