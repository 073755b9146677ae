"""Faults of those who call: requests that never end, headers without measure, heavy questions while events come in.

Invariant: none of them is a reason for a service to stop answering others.
"""

import asyncio
from contextlib import suppress

import httpx

from tests.campaign.stage import End, Stage

UNFINISHED = 60
"""Connections to each service that send a byte now and then."""
ASKING = 12
"""Heavy questions at once."""
HEAVY = (
    "/v1/measures/vacancies/series?authority=all&from=2015-01-01&to=2025-01-01&every=month&by=role,team,service_area",
    "/v1/measures/turnover-rate/series?authority={authority}&from=2016-01-01&to=2025-01-01&every=month&by=role",
    "/v1/measures/in-post-headcount/series?authority=all&from=2016-01-01&to=2025-01-01&every=month",
    "/v1/measures/vacancies/explanation?authority={authority}&as_at=2023-10-31&limit=1000",
    "/v1/measures/leavers-fte?authority=all&census_year=2023&by=role,leaving_reason",
    "/v1/quality?authority={authority}",
    "/v1/changes?authority={authority}&measure=vacancies&as_at=2023-10-31"
    "&from_known=2023-08-01T00:00:00Z&to_known=2024-03-01T00:00:00Z",
    "/v1/forecasts/vacancies?authority={authority}",
    "/v1/survival?authority={authority}",
)


def unfinished_requests(stage: Stage, part: str, seconds: float) -> End:
    """Requests whose headers or bodies come a byte at a time, until the end."""
    stage.note(f"{UNFINISHED} unfinished requests to each service for {seconds:.1f} s")
    return _until_the_end(
        stage,
        [
            _unfinished(service.port, index % 2 == 0)
            for service in stage.processes().values()
            for index in range(UNFINISHED)
        ],
    )


def huge_headers(stage: Stage, part: str, seconds: float) -> End:
    """Headers of megabytes, and thousands of them, again and again until the end."""
    stage.note(f"huge headers for {seconds:.1f} s")
    return _until_the_end(
        stage, [_huge(service.port, index) for service in stage.processes().values() for index in range(3)]
    )


def heavy_questions(stage: Stage, part: str, seconds: float) -> End:
    """Questions about all authorities and ten years, a dozen at once, until the end."""
    stage.note(f"{ASKING} heavy questions at once for {seconds:.1f} s")
    return _until_the_end(stage, [_ask(stage, index) for index in range(ASKING)])


def _until_the_end(stage: Stage, work: list) -> End:  # type: ignore[type-arg]
    over = [stage.background.begin(one) for one in work]

    def enough() -> None:
        for one in over:
            one.cancel()

    return enough


async def _unfinished(port: int, in_headers: bool) -> None:
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/cloudevents+json\r\n")
                if not in_headers:
                    writer.write(b"Content-Length: 100000\r\n\r\n{")
                while True:
                    writer.write(b"X-A: b\r\n" if in_headers else b" ")
                    await writer.drain()
                    await asyncio.sleep(0.5)
            finally:
                writer.close()
        await asyncio.sleep(0.5)


async def _huge(port: int, way: int) -> None:
    many = b"".join(b"X-%d: %d\r\n" % (number, number) for number in range(20_000))
    one = b"X-Large: " + b"a" * 4_000_000 + b"\r\n"
    target = b"GET /v1/measures?" + b"a" * 1_000_000 + b" HTTP/1.1\r\n"
    while True:
        with suppress(OSError, TimeoutError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                start = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"
                writer.write([start + many, start + one, target][way])
                await asyncio.wait_for(writer.drain(), 2)
                await asyncio.wait_for(reader.read(1000), 0.5)
            finally:
                writer.close()
        await asyncio.sleep(0.2)


async def _ask(stage: Stage, index: int) -> None:
    metrics = [service for name, service in stage.processes().items() if name.startswith("metrics")]
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        while True:
            path = HEAVY[index % len(HEAVY)].format(authority=stage.authorities[index % len(stage.authorities)])
            with suppress(httpx.TransportError):
                await client.get(metrics[index % len(metrics)].url + path)
            index += 1
            await asyncio.sleep(0.01)
