"""Makes the importing process one whose output is 200 columns wide and not that of a build server.

The command line reads both when it is imported, so this comes before it.
"""

import os

os.environ["COLUMNS"] = "200"
os.environ.pop("CI", None)
