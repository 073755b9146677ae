"""The keys of the register: what can be read with which, and what cannot."""

import base64
import json
import re

import pytest

from contracts.values import TOKEN_PATTERN
from services.people.register.keys import (
    CannotBeRead,
    Keyring,
    WrappedKey,
    as_key,
    new_master_keys,
    new_pseudonym_key,
)

OLD, NEW, PSEUDONYMS = b"o" * 32, b"n" * 32, b"p" * 32


def keyring(**masters: bytes) -> Keyring:
    """A keyring with these master keys, the newest first."""
    return Keyring(masters or {"old": OLD}, PSEUDONYMS)


def test_what_is_sealed_is_read_with_the_key_that_stands_wrapped_beside_it() -> None:
    key, sealed = keyring().new("person 331 P-1")
    text = sealed.seal(b"a name", "hr employees")
    assert b"a name" not in text
    assert keyring().open(key, "person 331 P-1").read(text, "hr employees") == b"a name"


@pytest.mark.parametrize(("of", "place"), [("person 331 P-2", "hr employees"), ("person 331 P-1", "hr agency")])
def test_what_was_moved_to_another_person_or_place_cannot_be_read(of: str, place: str) -> None:
    key, sealed = keyring().new("person 331 P-1")
    text = sealed.seal(b"a name", "hr employees")
    with pytest.raises(CannotBeRead):
        keyring().open(key, of).read(text, place)


def test_what_was_changed_cannot_be_read() -> None:
    _, sealed = keyring().new("person 331 P-1")
    text = bytearray(sealed.seal(b"a name", "hr employees"))
    text[-1] ^= 1
    with pytest.raises(CannotBeRead):
        sealed.read(bytes(text), "hr employees")


def test_two_texts_that_are_alike_are_not_alike_when_sealed() -> None:
    _, sealed = keyring().new("person 331 P-1")
    assert sealed.seal(b"a name", "here") != sealed.seal(b"a name", "here")


def test_a_new_master_key_takes_over_and_the_old_one_can_go() -> None:
    key, sealed = keyring().new("person 331 P-1")
    text = sealed.seal(b"a name", "here")
    both = keyring(new=NEW, old=OLD)
    again = both.rewrapped(key, "person 331 P-1")
    assert (key.master, again.master) == ("old", "new")
    assert keyring(new=NEW).open(again, "person 331 P-1").read(text, "here") == b"a name"


def test_without_its_master_key_a_key_cannot_be_opened_and_the_setting_is_named() -> None:
    key, _ = keyring().new("person 331 P-1")
    with pytest.raises(CannotBeRead, match="no master key old is in WORKFORCE_MASTER_KEYS"):
        keyring(new=NEW).open(key, "person 331 P-1")
    with pytest.raises(CannotBeRead):
        keyring(old=NEW).open(key, "person 331 P-1")
    with pytest.raises(CannotBeRead):
        keyring().open(WrappedKey("old", key.wrapped), "person 331 P-2")


def test_a_pseudonym_is_an_identifier_and_the_same_for_the_same_reference() -> None:
    pseudonym = keyring().pseudonym("331", "worker", "004711")
    assert re.fullmatch(r"P-[A-Z2-7]{24}", pseudonym)
    assert re.fullmatch(TOKEN_PATTERN, pseudonym)
    assert keyring(new=NEW).pseudonym("331", "worker", "004711") == pseudonym


def test_another_authority_scheme_reference_or_key_gives_another_pseudonym() -> None:
    given = [("331", "worker", "004711"), ("332", "worker", "004711"), ("331", "agency-worker", "004711")]
    given += [("331", "worker", "4711"), ("33", "1worker", "004711")]
    found = {keyring().pseudonym(*one) for one in given}
    found.add(Keyring({"old": OLD}, b"q" * 32).pseudonym(*given[0]))
    assert len(found) == 6


def test_a_staff_number_is_found_however_it_is_padded_and_spaced() -> None:
    digest = keyring().reference_digest("331", "a004711")
    assert digest == keyring().reference_digest("331", " A004711 ")
    assert keyring().reference_digest("331", "004711") == keyring().reference_digest("331", "4711")
    assert keyring().reference_digest("332", "4711") != keyring().reference_digest("331", "4711")


def test_a_digest_keeps_its_parts_apart_and_hangs_on_the_key() -> None:
    assert keyring().digest(b"ab", b"c") != keyring().digest(b"a", b"bc")
    assert keyring().digest(b"a") != Keyring({"old": OLD}, b"q" * 32).digest(b"a")


def test_a_fingerprint_tells_keys_apart() -> None:
    assert keyring().fingerprint == keyring(new=NEW).fingerprint
    assert keyring().fingerprint != Keyring({"old": OLD}, b"q" * 32).fingerprint


@pytest.mark.parametrize("text", ["", "short", base64.b64encode(b"x" * 31).decode(), "?" * 44])
def test_a_key_of_another_length_is_refused_with_how_to_make_one(text: str) -> None:
    with pytest.raises(ValueError, match="32 bytes in base64; make one with"):
        as_key(text)


def test_keys_that_are_made_are_keys_and_never_the_same() -> None:
    (master,) = json.loads(new_master_keys())
    keys = {as_key(master["key"]), as_key(new_pseudonym_key()), as_key(new_pseudonym_key())}
    assert len(keys) == 3
