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
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from deploy.embedded.processes import LOOPBACK
from services.chassis.authentication import Right, new_key
from tests.deploy.compose import REPOSITORY
from tests.parts import PostgreSQL, Process, Service, free_port

FOLDER = REPOSITORY / "deploy" / "proxy"
NAME = "recruitment.example"


STATED = {
    "nginx.conf": """
        worker_rlimit_nofile 8192; worker_connections 2048; server_tokens off; pid /tmp/nginx.pid;
        error_log stderr warn; access_log /dev/stdout plain;
        client_header_buffer_size 2k; large_client_header_buffers 2 8k; client_max_body_size 8000000;
        client_header_timeout 10s; client_body_timeout 20s; send_timeout 20s; keepalive_timeout 20s;
        keepalive_requests 1000; reset_timedout_connection on;
        limit_conn_zone $binary_remote_addr zone=connections:10m;
        limit_req_zone $binary_remote_addr zone=requests:10m rate=50r/s;
        limit_conn connections 40; limit_req zone=requests burst=200 nodelay;
        limit_conn_status 429; limit_req_status 429;
        ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:tls:10m; ssl_session_tickets off;
        ssl_certificate /etc/proxy/certificates/fullchain.pem; ssl_certificate_key /etc/proxy/certificates/key.pem;
    """,
    "passing.conf": """
        proxy_http_version 1.1; proxy_connect_timeout 5s; proxy_read_timeout 120s; proxy_send_timeout 20s;
        proxy_next_upstream off; proxy_set_header X-Forwarded-Proto https;
    """,
}
"""What the files are to state, each once: limits and times that no test waits for."""


class Stub(BaseHTTPRequestHandler):
    """Stands in for retention: tells what reached it, and what else its path asks for."""

    protocol_version = "HTTP/1.1"
    reached: list[str] = []  # noqa: RUF012 - one for all
    go_on = threading.Event()

    def do_GET(self) -> None:
        """Answer with the headers that came, and the port that they came from."""
        self.reached.append(self.path)
        if self.path == "/v1/slowly":
            self.go_on.wait(60)
        if self.path == "/v1/breaking-off":
            self.close_connection = True
            return
        body = json.dumps({"headers": dict(self.headers), "from": self.client_address[1]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


class StubServer(ThreadingHTTPServer):
    """Takes as many connections at once as a test makes."""

    daemon_threads = True
    request_queue_size = 64


def until(reached: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@dataclass(frozen=True)
class Proxy:
    """nginx before recruitment, and a stub in the place of retention. There is no metrics."""

    port: int
    certificate: Path
    key: str
    log: Path

    def connect(self, name: str = NAME, *, by: str = LOOPBACK, tls_1_2: bool = False) -> ssl.SSLSocket:
        """A connection with TLS, for which no certificate of ours is shown, from this address of the machine."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        if tls_1_2:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        plain = socket.create_connection((LOOPBACK, self.port), timeout=60, source_address=(by, 0))
        return context.wrap_socket(plain, server_hostname=name)

    def keep(self, name: str) -> http.client.HTTPConnection:
        """A connection for several requests."""
        connection = http.client.HTTPConnection(name)
        connection.sock = self.connect(name)
        return connection

    def ask(
        self, path: str, *, name: str = NAME, method: str = "GET", body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, http.client.HTTPMessage, bytes]:  # fmt: skip
        """Status, headers and body of the answer; the path goes as it stands."""
        connection = self.keep(name)
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        read = answer.status, answer.headers, answer.read()
        connection.close()
        return read


def settings_for(folder: Path, service: Service, stub: int, port: int) -> Path:
    """The proxy's files for this machine."""
    (folder / "tmp").mkdir(parents=True)
    (folder / "certificates").mkdir()
    changed = {
        "/tmp/": f"{folder}/tmp/",  # noqa: S108
        "/etc/proxy/": f"{folder}/",
        "listen 8443": f"listen {LOOPBACK}:{port}",
        "recruitment:8101": f"{LOOPBACK}:{service.port}",
        "retention:8102": f"{LOOPBACK}:{stub}",
        "metrics:8100": f"{LOOPBACK}:{free_port()}",
        "people:8103": f"{LOOPBACK}:{free_port()}",
    }
    for path in FOLDER.glob("*.conf"):
        # All at once: what was put in is not looked at again.
        wanted = re.compile("|".join(map(re.escape, changed)))
        text = wanted.sub(lambda variable: changed[variable[0]], path.read_text(encoding="utf-8"))
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
    stub = StubServer((LOOPBACK, 0), Stub)
    threading.Thread(target=stub.serve_forever, daemon=True).start()
    settings = settings_for(folder, service, stub.server_port, port)
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
        proxy = Proxy(port, certificate, key, process.log)
        process.wait_until(lambda: reachable(proxy), "answers", 120)
        yield proxy
    finally:
        process.stop()
        service.stop()
        stub.shutdown()
        stub.server_close()


def reachable(proxy: Proxy) -> bool:
    """Whether it answers anything at all."""
    try:
        return bool(proxy.ask("/")[0])
    except OSError:
        return False


def refused(answer: tuple[int, http.client.HTTPMessage, bytes], status: int) -> dict[str, Any]:
    """The problem details that the proxy answered with."""
    assert (answer[0], answer[1]["content-type"]) == (status, "application/problem+json")
    body: dict[str, Any] = json.loads(answer[2])
    assert body["status"] == status
    return body


def test_an_event_gets_through_with_its_key_and_without_is_refused_by_the_service(proxy: Proxy) -> None:
    data = {"effective_from": "2023-10-01", "role": "social-worker", "funded_fte": 1, "team": "duty",
            "service_area": "help-and-protection"}  # fmt: skip
    event = {"specversion": "1.0", "id": "proxied-1", "source": "/coventry/hr", "authority": "331",
             "type": "uk.workforce.post.established.v1", "subject": "post/P-1", "data": data}  # fmt: skip
    headers = {"content-type": "application/cloudevents+json"}
    body = json.dumps(event).encode()
    response = proxy.ask("/v1/events", method="POST", body=body, headers=headers)
    assert refused(response, 401)["type"] == "urn:workforce:problem:key-needed"
    assert response[1]["www-authenticate"] == "Bearer"
    headers["authorization"] = f"Bearer {proxy.key}"
    status, _, answer = proxy.ask("/v1/events", method="POST", body=body, headers=headers)
    assert (status, json.loads(answer)["status"]) == (202, "accepted")


def test_only_tls_and_only_names_of_ours_are_answered(proxy: Proxy) -> None:
    plain = http.client.HTTPConnection(LOOPBACK, proxy.port, timeout=60)
    plain.request("GET", "/v1/events", headers={"Host": NAME})
    assert plain.getresponse().status == 400
    # Not even by who takes any certificate, or asks for no name.
    careless = ssl.create_default_context()
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
    for name in ("another.example", None):
        with (
            socket.create_connection((LOOPBACK, proxy.port), timeout=60) as connection,
            pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"),
        ):
            careless.wrap_socket(connection, server_hostname=name)
    with proxy.connect() as connection:
        assert connection.version() in ("TLSv1.2", "TLSv1.3")


@pytest.mark.parametrize("path", ["/v1/events", "/docs", "/nothing"])
def test_every_answer_has_the_headers_that_keep_browsers_careful(proxy: Proxy, path: str) -> None:
    _, headers, _ = proxy.ask(path)
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"] == (
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; frame-ancestors 'none'"
    )
    assert headers["server"] == "nginx"


@pytest.mark.parametrize(
    "path",
    [
        "/metrics", "//metrics", "/%6detrics", "/v1/../metrics", "/v1/%2e%2e/metrics", "/docs/../metrics",
        "/health/live", "/health/ready", "/health%2flive", "/v1/../health/live", "/", "/v2/events", "/docsx",
        "/refused",
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
    refusal = refused(proxy.ask("/v1/dead-letters?" + "a=1&" * 200), 414)
    assert refusal["detail"] == "At most 100 query parameters."


def test_a_service_that_is_away_is_told(proxy: Proxy) -> None:
    refused(proxy.ask("/v1/measures", name="metrics.example"), 502)


@pytest.mark.parametrize("file", STATED)
def test_limits_and_times_are_stated_once(file: str) -> None:
    text = (FOLDER / file).read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines()]
    stated = [f"{statement.strip()};" for statement in STATED[file].split(";")[:-1]]
    assert {statement: lines.count(statement) for statement in stated} == dict.fromkeys(stated, 1)
    # Of the four services, in no other place.
    assert lines.count("keepalive 16;") == lines.count("keepalive_timeout 10s;") == (4 if file == "nginx.conf" else 0)


def told(connection: http.client.HTTPConnection, **headers: str) -> dict[str, Any]:
    """What reaches the service of a request to it."""
    connection.request("GET", "/v1/anything?authority=331", headers=headers)
    body: dict[str, Any] = json.loads(connection.getresponse().read())
    return body


def test_a_service_is_told_who_asks_and_is_asked_on_a_connection_that_is_kept(proxy: Proxy) -> None:
    connection = proxy.keep("retention.example")
    first = told(
        connection, **{"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "http", "Authorization": "Bearer k"}
    )
    second = told(connection)
    connection.close()
    headers = {name.lower(): value for name, value in first["headers"].items()}
    # What the caller says of itself there counts for nothing.
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "https"
    assert headers["host"] == "retention.example"
    assert headers["authorization"] == "Bearer k"
    assert "connection" not in headers
    assert first["from"] == second["from"]


def test_what_a_service_broke_off_is_not_sent_again(proxy: Proxy) -> None:
    connection = proxy.keep("retention.example")
    # On a connection that is kept: of such a one nginx would try again.
    told(connection)
    connection.request("GET", "/v1/breaking-off")
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["status"]) == (502, 502)
    connection.close()
    assert Stub.reached.count("/v1/breaking-off") == 1


def statuses(connection: ssl.SSLSocket, name: str, path: str, requests: int) -> list[int]:
    """The statuses of requests that are sent all at once."""
    request = f"GET {path} HTTP/1.1\r\nHost: {name}\r\n"
    last = f"{request}Connection: close\r\n\r\n"
    sender = threading.Thread(target=connection.sendall, args=((f"{request}\r\n" * (requests - 1) + last).encode(),))
    sender.start()
    answered = b""
    while piece := connection.recv(65536):
        answered += piece
    sender.join()
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d\d\d) ", answered)]


def test_an_address_that_asks_too_much_is_told_so_and_others_are_served(proxy: Proxy) -> None:
    # Of metrics there is none, so nginx answers at once: 200 may come at one time, and 50 more with every second.
    with proxy.connect("metrics.example", by="127.0.0.2") as connection:
        codes = statuses(connection, "metrics.example", "/v1/measures", 900)
    assert len(codes) == 900
    assert set(codes[:200]) == {502}
    assert set(codes) == {429, 502}
    assert proxy.ask("/v1/measures", name="metrics.example")[0] == 502


def test_an_address_has_forty_requests_under_way_at_most(proxy: Proxy) -> None:
    name, request = (
        "retention.example",
        b"GET /v1/slowly HTTP/1.1\r\nHost: retention.example\r\nConnection: close\r\n\r\n",
    )
    Stub.go_on.clear()
    with ExitStack() as stack:
        stack.callback(Stub.go_on.set)
        asking = []
        for _ in range(40):
            asking.append(stack.enter_context(proxy.connect(name, by="127.0.0.3")))
            asking[-1].sendall(request)
        until(lambda: Stub.reached.count("/v1/slowly") == 40)
        one_more = stack.enter_context(proxy.connect(name, by="127.0.0.3"))
        one_more.sendall(request)
        refusal = b"".join(iter(lambda: one_more.recv(65536), b""))
        assert refusal.startswith(b"HTTP/1.1 429")
        assert json.loads(refusal.partition(b"\r\n\r\n")[2])["status"] == 429
        assert proxy.ask("/v1/anything", name=name)[0] == 200
        Stub.go_on.set()
        assert [connection.recv(12) for connection in asking] == [b"HTTP/1.1 200"] * 40


def test_a_session_is_resumed_from_the_proxys_memory_and_no_ticket_is_given(proxy: Proxy) -> None:
    with proxy.connect(tls_1_2=True) as connection:
        assert connection.version() == "TLSv1.2"
        assert connection.session is not None
        assert connection.session.id
        assert not connection.session.has_ticket


def test_the_log_has_the_path_and_the_status_and_no_query(proxy: Proxy) -> None:
    assert proxy.ask("/v1/logged?authority=331&worker=W-1", name="metrics.example")[0] == 502
    # Written once the answer is sent.
    until(lambda: " GET /v1/logged 502 " in proxy.log.read_text())
    logged = [line for line in proxy.log.read_text().splitlines() if re.match(r"[\d.]+ \[", line)]
    (line,) = [line for line in logged if "logged" in line]
    assert re.fullmatch(r"127\.0\.0\.1 \[\S+\] GET /v1/logged 502 \d+ \d+\.\d+", line)
    assert not [line for line in logged if "?" in line or "W-1" in line]
