"""The service under load: hits of layer 1, rebuilds, cold requests, overload, start and memory; ratios in one run."""
