"""``python3 -m doorbell``, which also works with the one file that was copied."""

import sys

from . import _main

sys.exit(_main())
