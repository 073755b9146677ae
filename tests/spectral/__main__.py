"""`make check` runs it: python -m tests.spectral."""

import sys

from tests.spectral.lint import main

if __name__ == "__main__":
    sys.exit(main())
