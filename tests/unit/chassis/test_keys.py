"""API keys: made, hashed, found again."""

import json

import pytest

from services.chassis.authentication import (
    LOOPBACK_CALLER,
    ApiKey,
    Caller,
    Right,
    find_caller,
    hash_key,
    new_key,
)
from services.chassis.keys import main

KEY = "a key of the HR system"
ENTRY = ApiKey(name="HR system", authority="331", rights=(Right.FEED,), sha256=hash_key(KEY))


def test_a_key_is_hashed_by_sha256() -> None:
    assert hash_key("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_whose_key_it_is_is_found_and_nobody_for_another() -> None:
    neighbour = ApiKey(name="neighbour", authority="332", rights=(Right.READ,), sha256=hash_key("theirs"))
    assert find_caller((ENTRY, neighbour), "theirs") == Caller(name="neighbour", authority="332", rights=(Right.READ,))
    for presented in (None, "", "guessed", ENTRY.sha256, KEY + " "):
        assert find_caller((ENTRY, neighbour), presented) is None


def test_without_keys_everyone_is_on_this_machine_and_may_do_all() -> None:
    caller = find_caller((), None)
    assert caller is LOOPBACK_CALLER
    assert all(caller.may(right, "331") for right in Right)


def test_a_caller_may_what_the_key_says_for_its_authority_alone() -> None:
    caller = find_caller((ENTRY,), KEY)
    assert caller is not None
    assert caller.may(Right.FEED, "331")
    assert not caller.may(Right.FEED, "332")
    assert not caller.may(Right.READ, "331")
    everywhere = Caller(name="consortium", authority="*", rights=(Right.READ,))
    assert everywhere.may(Right.READ, "331")
    assert everywhere.may(Right.READ, "332")
    assert not everywhere.may(Right.FEED, "331")


def test_no_two_keys_are_alike_and_the_entry_does_not_hold_the_key() -> None:
    made = [new_key("HR system", "331", (Right.FEED,)) for _ in range(20)]
    assert len({key for key, _ in made}) == 20
    for key, entry in made:
        assert len(key) == 43  # 32 bytes in base 64
        assert key not in entry.model_dump_json()


def test_the_command_prints_a_key_and_the_entry_that_lets_it_in(capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--name", "HR system", "--authority", "331", "--right", "feed", "--right", "read"]
    assert main(given) == 0
    shown, entry = capsys.readouterr().out.splitlines()
    key = shown.removeprefix("key (shown once): ")
    stated = ApiKey(**json.loads(entry.removeprefix("entry for WORKFORCE_API_KEYS: ")))
    caller = find_caller((stated,), key)
    assert caller == Caller(name="HR system", authority="331", rights=(Right.FEED, Right.READ))


@pytest.mark.parametrize(
    ("authority", "right", "said"),
    [
        ("Coventry", "feed", "--authority 'Coventry' is neither three digits nor *"),
        ("331", "administer", "invalid choice: 'administer'"),
    ],
)
def test_the_command_refuses_what_it_cannot_make(
    capsys: pytest.CaptureFixture[str], authority: str, right: str, said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--name", "HR system", "--authority", authority, "--right", right])
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert "key" not in printed.out


def test_the_command_says_how_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: python -m services.chassis.keys ")
