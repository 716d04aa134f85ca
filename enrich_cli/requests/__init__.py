"""One request as typed: read, asked about where it is not sure, quoted, answered; what of its answer can be mended."""
