"""What `make check` does with the documents of the services where Spectral cannot run."""

import shutil

import pytest

from tests.spectral.lint import documents, main


@pytest.mark.parametrize(("ci", "ends_with"), [("", 0), ("true", 1)])
def test_without_node_one_loud_line_says_so_and_it_fails_where_nothing_may_be_missing(
    ci: str, ends_with: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert main() == ends_with
    assert capsys.readouterr().err == (
        "\033[1;31mTHE DOCUMENTS WERE NOT LINTED. No Spectral: node and npm not on this machine (Debian: nodejs npm)"
        "\033[0m\n"
    )


def test_the_documents_of_all_services_are_read() -> None:
    titles = {name: document["info"]["title"] for name, document in documents()}
    assert titles == {
        "asyncapi": "Workforce events",
        "metrics": "Workforce metrics",
        "people": "Workforce people",
        "recruitment": "Workforce recruitment",
        "retention": "Workforce retention",
    }
