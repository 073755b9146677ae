"""`python -m services.metrics`."""

import sys

from services.chassis.process import run_service
from services.metrics.app import NAME, ServiceSettings, create

if __name__ == "__main__":
    sys.exit(run_service(NAME, ServiceSettings, create))
