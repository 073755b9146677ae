"""`python -m services.retention`."""

import sys

from services.chassis.process import run_service
from services.retention.app import NAME, ServiceSettings, create

if __name__ == "__main__":
    sys.exit(run_service(NAME, ServiceSettings, create))
