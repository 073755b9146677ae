"""The setting that names the statistical neighbours of authorities."""

import pytest

from services.chassis.settings import SettingsRefused, read_settings
from services.metrics.app import ServiceSettings


@pytest.fixture(autouse=True)
def database(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one setting that has no default."""
    monkeypatch.setenv("WORKFORCE_DATABASE_URL", "postgresql://postgres@/metrics")


def test_none_is_named_unless_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings(ServiceSettings).statistical_neighbours == {}
    monkeypatch.setenv("WORKFORCE_STATISTICAL_NEIGHBOURS", '{"331": ["825", "908"]}')
    assert read_settings(ServiceSettings).statistical_neighbours == {"331": ("825", "908")}


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("825", "WORKFORCE_STATISTICAL_NEIGHBOURS: Input should be a valid dictionary"),
        ("331: 825", "WORKFORCE_STATISTICAL_NEIGHBOURS: is not JSON"),
        ('{"331": ["Sheffield"]}', "WORKFORCE_STATISTICAL_NEIGHBOURS__331__0: String should match pattern"),
        ('{"331": ["331"]}', "WORKFORCE_STATISTICAL_NEIGHBOURS: the neighbours of 331 must be others, each once"),
        ('{"331": ["825", "825"]}', "WORKFORCE_STATISTICAL_NEIGHBOURS: the neighbours of 331 must be others"),
    ],
)
def test_a_wrong_list_is_named(monkeypatch: pytest.MonkeyPatch, value: str, line: str) -> None:
    monkeypatch.setenv("WORKFORCE_STATISTICAL_NEIGHBOURS", value)
    with pytest.raises(SettingsRefused) as refused:
        read_settings(ServiceSettings)
    assert str(refused.value).startswith(line)
