"""What the node of Apache Kafka for tests is told, a second time by hand."""

from pathlib import Path

SETTINGS = Path(__file__).parents[3] / "deploy" / "kafka" / "server.properties"


def test_the_node_is_told_what_it_is_to_be_told() -> None:
    lines = SETTINGS.read_text(encoding="utf-8").splitlines()
    told = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    one_node = {
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
    }
    small = {
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.num.partitions": "4",
        "log.cleaner.dedupe.buffer.size": "2097152",
    }
    soon_back = {
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        "group.initial.rebalance.delay.ms": "0",
    }
    assert told == one_node | small | soon_back | {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": "1@127.0.0.1:$controller_port",
        "controller.listener.names": "CONTROLLER",
        "listeners": "PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller_port",
        "advertised.listeners": "PLAINTEXT://127.0.0.1:$port",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": "$data",
        # A topic made by accident would have the wrong partitions.
        "auto.create.topics.enable": "false",
    }
