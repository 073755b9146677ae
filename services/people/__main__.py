"""`python -m services.people`."""

import sys

from services.chassis.asked_to_stop import end_when_asked_to_stop

if __name__ == "__main__":
    end_when_asked_to_stop()
    from services.chassis.process import run_service
    from services.people.app import create
    from services.people.settings import NAME, ServiceSettings

    sys.exit(run_service(NAME, ServiceSettings, create))
