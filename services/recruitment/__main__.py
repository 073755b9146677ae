"""`python -m services.recruitment`."""

import sys

from services.chassis.asked_to_stop import end_when_asked_to_stop

if __name__ == "__main__":
    end_when_asked_to_stop()
    from services.chassis.process import run_service
    from services.recruitment.app import NAME, ServiceSettings, create

    sys.exit(run_service(NAME, ServiceSettings, create))
