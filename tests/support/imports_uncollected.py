"""Lets the garbage collector of the importing process rest, until it imports imports_kept."""

import gc

gc.disable()
