"""The sample proxy, run for real before a real service: TLS alone, only what is meant for others, and its own limits.

Invariant: the files are those of deploy/proxy; addresses, names of files and the port are all that is changed in them.
"""

import http.client
import json
import os
import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.embedded.processes import LOOPBACK
from services.chassis.authentication import Right, new_key
from tests.deploy.compose import REPOSITORY
from tests.parts import PostgreSQL, Process, Service, free_port

FOLDER = REPOSITORY / "deploy" / "proxy"
NAME = "recruitment.example"


@dataclass(frozen=True)
class Proxy:
    """nginx before recruitment. Of the other two services there is none."""

    port: int
    certificate: Path
    key: str

    def connect(self, name: str = NAME) -> ssl.SSLSocket:
        """A connection with TLS, for which no certificate of ours is shown."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        return context.wrap_socket(socket.create_connection((LOOPBACK, self.port), timeout=30), server_hostname=name)

    def ask(
        self, path: str, *, name: str = NAME, method: str = "GET", body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, http.client.HTTPMessage, bytes]:  # fmt: skip
        """Status, headers and body of the answer; the path goes as it stands."""
        connection = http.client.HTTPConnection(name)
        connection.sock = self.connect(name)
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        found = answer.status, answer.headers, answer.read()
        connection.close()
        return found


def settings_for(folder: Path, service: Service, port: int) -> Path:
    """The proxy's files for this machine."""
    (folder / "tmp").mkdir(parents=True)
    (folder / "certificates").mkdir()
    changed = {
        "/tmp/": f"{folder}/tmp/",  # noqa: S108
        "/etc/proxy/": f"{folder}/",
        "listen 8443": f"listen {LOOPBACK}:{port}",
        "recruitment:8101": f"{LOOPBACK}:{service.port}",
        "retention:8102": f"{LOOPBACK}:{free_port()}",
        "metrics:8100": f"{LOOPBACK}:{free_port()}",
    }
    for path in FOLDER.glob("*.conf"):
        # All at once: what was put in is not looked at again.
        wanted = re.compile("|".join(map(re.escape, changed)))
        text = wanted.sub(lambda found: changed[found[0]], path.read_text(encoding="utf-8"))
        (folder / path.name).write_text(text, encoding="utf-8")
    return folder / "nginx.conf"


@pytest.fixture(scope="module")
def proxy(postgres: PostgreSQL, parts_folder: Path, program: Callable[[str], str]) -> Iterator[Proxy]:
    nginx, openssl = program("nginx"), program("openssl")
    key, entry = new_key("HR system", "331", (Right.FEED,))
    told = {
        "database_url": postgres.create("behind_a_proxy"),
        "api_keys": json.dumps([entry.model_dump(mode="json")]),
        "kafka_servers": f"{LOOPBACK}:{free_port()}",
        "kafka_idempotent_producer": False,
    }
    service = Service("recruitment", parts_folder / "behind-a-proxy.log", told)
    folder, port = parts_folder / "proxy", free_port()
    settings = settings_for(folder, service, port)
    certificate = folder / "certificates" / "fullchain.pem"
    names = ",".join(f"DNS:{name}.example" for name in ("recruitment", "retention", "metrics"))
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}",
         "-addext", f"subjectAltName={names}", "-keyout", str(folder / "certificates" / "key.pem"),
         "-out", str(certificate)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    # Where root runs it, its workers would be nobody, who cannot enter this folder.
    ours = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
    process = Process("nginx", [nginx, "-e", "stderr", "-c", str(settings), "-g", ours], folder / "nginx.log")
    try:
        service.start()
        process.start()
        service.wait_until_ready()
        found = Proxy(port, certificate, key)
        process.wait_until(lambda: reachable(found), "answers", 60)
        yield found
    finally:
        process.stop()
        service.stop()


def reachable(proxy: Proxy) -> bool:
    """Whether it answers anything at all."""
    try:
        return bool(proxy.ask("/")[0])
    except OSError:
        return False


def refused(found: tuple[int, http.client.HTTPMessage, bytes], status: int) -> dict[str, Any]:
    """The problem details that the proxy answered with."""
    assert (found[0], found[1]["content-type"]) == (status, "application/problem+json")
    body: dict[str, Any] = json.loads(found[2])
    assert body["status"] == status
    return body


def test_an_event_gets_through_with_its_key_and_without_is_refused_by_the_service(proxy: Proxy) -> None:
    data = {"effective_from": "2023-10-01", "role": "social-worker", "funded_fte": 1, "team": "duty",
            "service_area": "help-and-protection"}  # fmt: skip
    event = {"specversion": "1.0", "id": "proxied-1", "source": "/coventry/hr", "authority": "331",
             "type": "uk.workforce.post.established.v1", "subject": "post/P-1", "data": data}  # fmt: skip
    headers = {"content-type": "application/cloudevents+json"}
    body = json.dumps(event).encode()
    found = proxy.ask("/v1/events", method="POST", body=body, headers=headers)
    assert refused(found, 401)["type"] == "urn:workforce:problem:key-needed"
    assert found[1]["www-authenticate"] == "Bearer"
    headers["authorization"] = f"Bearer {proxy.key}"
    status, _, answer = proxy.ask("/v1/events", method="POST", body=body, headers=headers)
    assert (status, json.loads(answer)["status"]) == (202, "accepted")


def test_only_tls_and_only_names_of_ours_are_answered(proxy: Proxy) -> None:
    plain = http.client.HTTPConnection(LOOPBACK, proxy.port, timeout=30)
    plain.request("GET", "/v1/events", headers={"Host": NAME})
    assert plain.getresponse().status == 400
    with pytest.raises(ssl.SSLError):
        proxy.connect("another.example")
    with proxy.connect() as connection:
        assert connection.version() in ("TLSv1.2", "TLSv1.3")


@pytest.mark.parametrize("path", ["/v1/events", "/docs", "/nothing"])
def test_every_answer_has_the_headers_that_keep_browsers_careful(proxy: Proxy, path: str) -> None:
    _, headers, _ = proxy.ask(path)
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["server"] == "nginx"


@pytest.mark.parametrize(
    "path",
    [
        "/metrics", "//metrics", "/%6detrics", "/v1/../metrics", "/v1/%2e%2e/metrics", "/docs/../metrics",
        "/health/live", "/health/ready", "/health%2flive", "/v1/../health/live", "/", "/v2/events", "/docsx",
    ],
)  # fmt: skip
def test_health_metrics_and_what_is_not_listed_stay_inside(proxy: Proxy, path: str) -> None:
    assert refused(proxy.ask(path), 404)["type"] == "urn:workforce:problem:proxy"


def test_the_documentation_is_shown(proxy: Proxy) -> None:
    for path in ("/docs", "/openapi.json", "/asyncapi", "/asyncapi.json", "/static-offline-docs/swagger-ui-bundle.js"):
        assert proxy.ask(path)[0] == 200


def test_what_is_too_large_goes_no_further(proxy: Proxy) -> None:
    headers = {"authorization": f"Bearer {proxy.key}", "content-type": "application/cloudevents-batch+json"}
    refused(proxy.ask("/v1/events", method="POST", body=b" " * 8_000_001, headers=headers), 413)
    refused(proxy.ask("/v1/events?" + "a" * 9000), 414)
    # nginx' own number for headers that are too large is told as 400.
    assert proxy.ask("/v1/events", headers={"X-Large": "a" * 9000})[0] == 400
    # What nginx lets through and the service does not.
    found = refused(proxy.ask("/v1/set-aside?" + "a=1&" * 200), 414)
    assert found["detail"] == "At most 100 query parameters."


def test_a_service_that_is_away_is_told(proxy: Proxy) -> None:
    refused(proxy.ask("/v1/measures", name="metrics.example"), 502)
