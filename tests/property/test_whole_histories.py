"""What the invented histories are made of: what is not drawn there no property, delivery or fault test sees."""

from contracts.catalogue import EVENT_MODELS
from tests.whole_histories import MATERIAL, TYPES


def test_every_type_of_event_is_drawn_with_data_and_subjects_of_its_own() -> None:
    assert set(TYPES) == set(MATERIAL.data) == set(EVENT_MODELS.values())
    assert {model.subject_kind for model in TYPES} == set(MATERIAL.subjects)
