"""`python -m services.people`."""

import sys

from services.chassis.process import run_service
from services.people.app import create
from services.people.settings import NAME, ServiceSettings

if __name__ == "__main__":
    sys.exit(run_service(NAME, ServiceSettings, create))
