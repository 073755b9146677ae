"""What `make up` is told by its environment, and what of it reaches which service."""

from deploy.embedded.settings import inherited_by, unknown_to_all


def test_a_variable_that_nobody_knows_is_told_with_the_one_that_may_be_meant() -> None:
    given = ["WORKFORCE_METRIC_PORT", "WORKFORCE_STATISTICAL_NEIGHBOURS", "WORKFORCE_STATE", "WORKFORCE_SEED", "PATH"]
    assert unknown_to_all(given) == [
        "WORKFORCE_METRIC_PORT: there is no such setting; is WORKFORCE_METRICS_PORT meant?"
    ]
    assert unknown_to_all(["WORKFORCE_NONSENSE"]) == ["WORKFORCE_NONSENSE: there is no such setting"]


def test_each_service_gets_what_it_knows() -> None:
    given = {
        "PATH": "/usr/bin",
        "WORKFORCE_STATE": "/somewhere",
        "WORKFORCE_METRICS_PORT": "9100",
        "WORKFORCE_LIMITS__CONNECTIONS": "50",
        "WORKFORCE_STATISTICAL_NEIGHBOURS": "{}",
    }
    both = {"PATH": "/usr/bin", "WORKFORCE_LIMITS__CONNECTIONS": "50"}
    assert inherited_by("recruitment", given) == both
    assert inherited_by("metrics", given) == both | {"WORKFORCE_STATISTICAL_NEIGHBOURS": "{}"}
