"""`python -m deploy.images.ready PORT`: is the service in this container ready? For the container's health check.

Invariant: it ends with 0 if and only if the service answers that it is ready. It needs only Python.
"""

import http.client
import sys
from collections.abc import Sequence

PATIENCE_SECONDS = 4.0
"""Less than the time docker-compose.yml gives the check."""


def main(arguments: Sequence[str]) -> int:
    """Ask the service on this port of the loopback address; gives the exit code."""
    connection = http.client.HTTPConnection("127.0.0.1", int(arguments[0]), timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        # What the service says of itself is kept by the engine: `docker inspect` shows it.
        sys.stdout.write(answer.read().decode() + "\n")
    except OSError as error:
        sys.stdout.write(f"no answer: {error}\n")
        return 1
    finally:
        connection.close()
    return 0 if answer.status == http.client.OK else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
