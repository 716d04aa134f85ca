"""Makes the garbage collector of the importing process leave alone what was imported until now.

Looking through all of that again and again took a quarter of what the tests take.
"""

import atexit
import gc

gc.freeze()
gc.set_threshold(20_000, 10, 10)
gc.enable()
atexit.register(gc.unfreeze)  # at the end, extension modules complain of what is still there
