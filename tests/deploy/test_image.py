"""The image of the services, and the file of secrets: what can be known of them without building anything.

Invariant: what runs in tests/deploy/test_running.py is what the Dockerfile copies, with the command it gives.
"""

import base64
import json
import re
import stat
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import TypeAdapter

from deploy.images import env_file
from services.chassis.authentication import ApiKey, Right, find_caller
from tests.deploy.compose import REPOSITORY, read_env_file
from tests.deploy.production import DOCKERFILE, copy_image_tree, image_copies, image_environment

IMPORTED = """
import sys

class NotInTheImage:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[1:]:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, NotInTheImage())
import services.metrics.app, services.people.app, services.recruitment.app, services.retention.app
import services.chassis.process, services.chassis.keys, services.chassis.dead_letters
import deploy.images.env_file, deploy.images.ready
"""
"""Imports everything the image runs, while the modules named on the command line cannot be had."""


def test_what_the_image_copies_is_there() -> None:
    copies = image_copies()
    assert set(copies) == {
        "requirements/runtime.lock",
        "requirements/node.lock",
        "contracts",
        "services",
        "deploy/__init__.py",
        "deploy/design_system",
        "deploy/images",
        ".env.example",
    }
    for source in copies:
        assert (REPOSITORY / source).exists(), source


def test_the_build_sees_what_the_image_copies_and_nothing_else() -> None:
    lines = (DOCKERFILE.with_name("Dockerfile.dockerignore")).read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == set(image_copies())


def test_the_image_ends_as_an_account_of_its_own_and_runs_a_module() -> None:
    last = DOCKERFILE.read_text(encoding="utf-8").splitlines()[-2:]
    assert last == ["USER 10001:10001", 'ENTRYPOINT ["python", "-m"]']
    assert "--require-hashes" in DOCKERFILE.read_text(encoding="utf-8")


def test_all_stages_begin_with_the_same_pinned_python() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${PYTHON}", "dependencies", "${PYTHON}"]
    (base,) = re.findall(r"^ARG PYTHON=(\S+)$", text, re.MULTILINE)
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", base)


def test_the_services_need_nothing_beyond_the_runtime_lock(tmp_path: Path) -> None:
    lock = (REPOSITORY / "requirements/runtime.lock").read_text(encoding="utf-8")
    locked = {_normal(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)}
    beyond = [
        module
        for module, distributions in packages_distributions().items()
        if not locked & {_normal(name) for name in distributions}
    ]
    assert {"psutil", "rich", "pytest"} <= set(beyond)
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *beyond],
        cwd=copy_image_tree(tmp_path),
        env=image_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def test_the_file_of_secrets_is_made_once_for_its_owner_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / ".env"
    assert env_file.main(["--authority", "331", "--to", str(path)]) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    made = path.read_text(encoding="utf-8")
    keys = dict(re.findall(r"^  (.+): (\S+)$", capsys.readouterr().out, re.MULTILINE))
    assert set(keys) == {"HR system", "workforce team"}
    assert not any(key in made for key in keys.values())
    entries = TypeAdapter(tuple[ApiKey, ...]).validate_json(read_env_file(path)["API_KEYS"])
    feeder, reader = (find_caller(entries, keys[name]) for name in ("HR system", "workforce team"))
    assert feeder is not None
    assert feeder.may(Right.FEED, "331")
    assert not feeder.may(Right.READ, "331")
    assert reader is not None
    assert reader.may(Right.READ, "331")
    assert not reader.may(Right.READ, "330")

    assert env_file.main(["--authority", "331", "--to", str(path)]) == 1
    assert path.read_text(encoding="utf-8") == made
    assert "File exists" in capsys.readouterr().err


def test_two_files_of_secrets_share_no_value(tmp_path: Path) -> None:
    values: list[str] = []
    for name in ("first", "second"):
        env_file.main(["--authority", "331", "--to", str(tmp_path / name)])
        values += read_env_file(tmp_path / name).values()
    assert len(values) == len(set(values)) == 26
    made = read_env_file(tmp_path / "first")
    cluster, keys = made.pop("KAFKA_CLUSTER_ID"), made.pop("API_KEYS")
    assert keys.startswith("[")
    (master,) = json.loads(made.pop("PEOPLE_MASTER_KEYS"))
    for text in (master["key"], made.pop("PEOPLE_PSEUDONYM_KEY")):
        assert len(base64.b64decode(text, validate=True)) == 32
    # 32 bytes each. They stand in addresses and in a shell's file: nothing there needs escaping.
    assert len(made) == 9
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", value) for value in made.values())
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{21}", cluster)


def test_a_cluster_has_an_id_that_kafka_takes_for_no_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([UUID(bytes=b"\xf8" + bytes(15)), UUID(bytes=b"\x04" + bytes(15))])
    monkeypatch.setattr(env_file, "uuid4", lambda: next(drawn))
    env_file.main(["--authority", "331", "--to", str(tmp_path / ".env")])
    assert read_env_file(tmp_path / ".env")["KAFKA_CLUSTER_ID"] == "BAAAAAAAAAAAAAAAAAAAAA"


def test_what_the_example_explains_stands_in_the_file_too_and_nothing_is_left_empty(tmp_path: Path) -> None:
    env_file.main(["--authority", "*", "--to", str(tmp_path / ".env")])
    made = (tmp_path / ".env").read_text(encoding="utf-8").splitlines()
    example = env_file.EXAMPLE.read_text(encoding="utf-8").splitlines()
    assert [line for line in made if line.startswith("#")] == [line for line in example if line.startswith("#")]
    assert [line.partition("=")[0] for line in made] == [line.partition("=")[0] for line in example]
    assert all(read_env_file(tmp_path / ".env").values())
    entries = TypeAdapter(tuple[ApiKey, ...]).validate_json(read_env_file(tmp_path / ".env")["API_KEYS"])
    assert [(entry.name, entry.authority, entry.rights) for entry in entries] == [
        ("HR system", "*", (Right.FEED,)),
        ("workforce team", "*", (Right.READ,)),
        ("people", "*", (Right.FEED, Right.ATTEST, Right.READ)),
    ]


def test_what_is_no_authority_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        env_file.main(["--authority", "Coventry", "--to", str(tmp_path / ".env")])
    assert "neither three digits nor *" in capsys.readouterr().err
    assert not (tmp_path / ".env").exists()
