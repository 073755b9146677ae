"""Topics: no client of ours makes one by asking for it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
CLIENTS = re.compile(r"\b(AIOKafkaProducer|AIOKafkaConsumer|AIOKafkaAdminClient|KafkaBroker)\(")
MAKING_CLIENTS = sorted(
    ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)
    for folder in ("services", "deploy")
    for path in (REPOSITORY / folder).rglob("*.py")
    if CLIENTS.search(path.read_text())
)

ASKS = """
import importlib, sys
importlib.import_module(sys.argv[1])
import aiokafka.admin.client, aiokafka.client
from aiokafka.protocol.metadata import MetadataRequest_v5
for module in (aiokafka.client, aiokafka.admin.client):
    print(module.MetadataRequest(["some.topic"]).build(MetadataRequest_v5).allow_auto_topic_creation)
"""


def test_the_modules_that_make_clients_are_found() -> None:
    assert {"services.chassis.relay", "services.chassis.dead_letters", "services.chassis.runtime"} <= set(
        MAKING_CLIENTS
    )


@pytest.mark.parametrize("module", MAKING_CLIENTS)
def test_whoever_makes_a_client_asks_for_topics_without_making_them(module: str) -> None:
    said = subprocess.run(
        [sys.executable, "-c", ASKS, module], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["False", "False"]
