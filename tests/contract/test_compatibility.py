"""The compatibility checker, against changes that break a reader, a feed or a record, and changes that break none."""

import pytest

from tests.contract.published import (
    CAMPAIGN,
    COVER,
    PANEL,
    POST,
    STARTED,
    TOKEN,
    Change,
    Published,
    fields,
    findings_after,
    is_told,
    model,
    topics,
)


def a_field_removed(now: Published) -> None:
    del fields(now, STARTED)["campaign"]


def a_field_renamed(now: Published) -> None:
    fields(now, POST)["pay_band"] = fields(now, POST).pop("grade")


def an_optional_field_newly_required(now: Published) -> None:
    model(now, STARTED)["required"].append("cohort")


def a_new_field_required(now: Published) -> None:
    fields(now, STARTED)["contract"] = {"type": "string"}
    model(now, STARTED)["required"].append("contract")


def null_no_longer_taken(now: Published) -> None:
    fields(now, STARTED)["cohort"] = fields(now, STARTED)["cohort"]["anyOf"][0]


def a_type_changed(now: Published) -> None:
    fields(now, STARTED)["fte"]["type"] = "string"


def a_number_made_whole(now: Published) -> None:
    fields(now, STARTED)["fte"]["type"] = "integer"


def a_highest_value_lowered(now: Published) -> None:
    fields(now, POST)["funded_fte"]["maximum"] = 10


def a_lowest_value_raised(now: Published) -> None:
    fields(now, "events/uk.workforce.worker.fte-changed.v1.json")["fte"]["minimum"] = 0.1


def a_lowest_value_left_out(now: Published) -> None:
    fte = fields(now, "events/uk.workforce.worker.fte-changed.v1.json")["fte"]
    fte["exclusiveMinimum"] = fte.pop("minimum")


def fewer_decimals(now: Published) -> None:
    fields(now, STARTED)["fte"]["x-decimals"] = 2


def another_pattern(now: Published) -> None:
    fields(now, STARTED)["post"]["pattern"] = "^P-[0-9]{4}$"


def a_pattern_where_none_was(now: Published) -> None:
    now["envelope.json"]["properties"]["dataschema"]["pattern"] = "^urn:"


def a_shorter_text(now: Published) -> None:
    fields(now, POST)["team"]["maxLength"] = 20


def a_longer_least_text(now: Published) -> None:
    fields(now, POST)["team"]["minLength"] = 3


def a_format_where_none_was(now: Published) -> None:
    fields(now, POST)["team"]["format"] = "hostname"


def a_code_removed_from_the_schema(now: Published) -> None:
    now[STARTED]["$defs"]["Route"]["enum"].remove("open-evening")


def a_code_renamed(now: Published) -> None:
    codes = now[POST]["$defs"]["Role"]["enum"]
    codes[codes.index("team-manager")] = "practice-manager"


def a_withdrawal_reason_removed(now: Published) -> None:
    now[PANEL]["$defs"]["WithdrawalReason"]["enum"].remove("duplicate")


def a_number_swapped_for_truth(now: Published) -> None:
    now[POST]["$defs"]["CswwRole"]["enum"][0] = True


def another_default(now: Published) -> None:
    fields(now, STARTED)["employment"]["default"] = "fixed-term"


def a_list_limited(now: Published) -> None:
    fields(now, CAMPAIGN)["posts"]["maxItems"] = 5


def the_items_of_a_list_narrowed(now: Published) -> None:
    fields(now, CAMPAIGN)["posts"]["items"]["pattern"] = "^P-"


def another_rule_between_fields(now: Published) -> None:
    model(now, STARTED)["anyOf"] = [{"required": ["cohort"]}, {"required": ["campaign"]}]


def a_choice_between_fields_removed(now: Published) -> None:
    model(now, COVER)["anyOf"].pop()


def a_decision_no_longer_fitting_its_panel(now: Published) -> None:
    model(now, PANEL)["anyOf"][1]["properties"]["decision"]["enum"].remove("deferred")


def one_more_fact_wanted_of_a_change(now: Published) -> None:
    model(now, "events/uk.workforce.post.changed.v1.json")["minProperties"] = 3


def withdrawals_no_longer_taken(now: Published) -> None:
    now[STARTED]["oneOf"].pop()


def an_attribute_removed(now: Published) -> None:
    del now["envelope.json"]["properties"]["supersedes"]


def an_attribute_newly_required(now: Published) -> None:
    now["envelope.json"]["required"].append("dataschema")


def an_attribute_that_needs_another(now: Published) -> None:
    now["envelope.json"]["dependentRequired"]["dataschema"] = ["sourcesequence"]


def another_rule_between_attributes(now: Published) -> None:
    now["envelope.json"]["allOf"].append({"not": {"required": ["dataschema", "voids"]}})


def an_event_type_removed(now: Published) -> None:
    del topics(now)["workforce.hiring"]["subject_kinds"]["uk.workforce.worker.merged.v1"]
    del now["events/uk.workforce.worker.merged.v1.json"]


def an_event_type_moved_to_another_topic(now: Published) -> None:
    kind = topics(now)["workforce.hiring"]["subject_kinds"].pop("uk.workforce.worker.merged.v1")
    topics(now)["workforce.leavers"]["subject_kinds"]["uk.workforce.worker.merged.v1"] = kind


def another_subject_kind(now: Published) -> None:
    topics(now)["workforce.leavers"]["subject_kinds"]["uk.workforce.worker.left.v1"] = "leaver"


def another_key(now: Published) -> None:
    now["catalogue.json"]["key"] = "{authority}"


def a_topic_removed(now: Published) -> None:
    del topics(now)["workforce.metrics.dead-letter"]


def another_owner(now: Published) -> None:
    topics(now)["workforce.leavers"]["owner"] = "recruitment"


def fewer_partitions(now: Published) -> None:
    topics(now)["workforce.posts"]["partitions"] = 5


def records_not_kept_for_ever(now: Published) -> None:
    topics(now)["workforce.posts"]["retention_days"] = 3650


def records_kept_a_day_less(now: Published) -> None:
    topics(now)["workforce.recruitment.watermarks"]["retention_days"] = 0


def another_number_in_the_census(now: Published) -> None:
    now["catalogue.json"]["csww"]["ReasonLeave"]["retired"] = 8


def a_code_without_a_number_in_the_census(now: Published) -> None:
    del now["catalogue.json"]["csww"]["LeaverDestination"]["not-known"]


def a_whole_item_of_the_census_removed(now: Published) -> None:
    del now["catalogue.json"]["csww"]["OrgRole"]


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        (a_field_removed, f"{STARTED}: campaign", "the field was removed"),
        (a_field_renamed, f"{POST}: grade", "the field was renamed to pay_band"),
        (an_optional_field_newly_required, f"{STARTED}: cohort", "newly required"),
        (a_new_field_required, f"{STARTED}: contract", "newly required"),
        (null_no_longer_taken, f"{STARTED}: cohort", "the type null is no longer taken"),
        (a_type_changed, f"{STARTED}: fte", "the type number is no longer taken"),
        (a_number_made_whole, f"{STARTED}: fte", "the type number is no longer taken"),
        (a_highest_value_lowered, f"{POST}: funded_fte", "the highest value fell from 999 to 10"),
        (a_lowest_value_raised, "worker.fte-changed.v1.json: fte", "the lowest value rose from 0 to 0.1"),
        (
            a_lowest_value_left_out,
            "worker.fte-changed.v1.json: fte",
            "the lowest value rose from 0 to above 0",
        ),
        (fewer_decimals, f"{STARTED}: fte", "x-decimals went from 6 down to 2"),
        (another_pattern, f"{STARTED}: post", "pattern changed from ^[A-Za-z0-9]"),
        (a_pattern_where_none_was, "envelope.json: dataschema", "pattern changed from none to ^urn:"),
        (a_shorter_text, f"{POST}: team", "maxLength went from 64 down to 20"),
        (a_longer_least_text, f"{POST}: team", "minLength went from 0 up to 3"),
        (a_format_where_none_was, f"{POST}: team", "format changed from none to hostname"),
        (a_code_removed_from_the_schema, f"{STARTED}: route", 'the value "open-evening" is no longer taken'),
        (a_code_renamed, f"{POST}: role", 'the value "team-manager" is no longer taken'),
        (a_withdrawal_reason_removed, f"{PANEL}: because", 'the value "duplicate" is no longer taken'),
        (a_number_swapped_for_truth, f"{POST}: csww_role", "the value 1 is no longer taken"),
        (another_default, f"{STARTED}: employment", 'leaving it out meant "permanent" and would mean "fixed-term"'),
        (a_list_limited, f"{CAMPAIGN}: posts", "maxItems went from none down to 5"),
        (the_items_of_a_list_narrowed, f"{CAMPAIGN}: posts.items", "pattern changed"),
        (another_rule_between_fields, STARTED, "newly required"),
        (a_choice_between_fields_removed, COVER, "newly required"),
        (a_decision_no_longer_fitting_its_panel, PANEL, "no longer taken"),
        (one_more_fact_wanted_of_a_change, "post.changed.v1.json", "minProperties went from 2 up to 3"),
        (withdrawals_no_longer_taken, STARTED, "the field was removed"),
        (an_attribute_removed, "envelope.json: supersedes", "the field was"),
        (an_attribute_newly_required, "envelope.json: dataschema", "newly required"),
        (another_rule_between_attributes, "envelope.json", "a further rule holds"),
        (
            an_attribute_that_needs_another,
            "envelope.json: dataschema",
            "the field newly needs sourcesequence beside it",
        ),
        (an_event_type_removed, "catalogue.json: uk.workforce.worker.merged.v1", "the event type was removed"),
        (
            an_event_type_moved_to_another_topic,
            "catalogue.json: uk.workforce.worker.merged.v1",
            "moved from workforce.hiring to workforce.leavers",
        ),
        (another_subject_kind, "catalogue.json: uk.workforce.worker.left.v1", "from worker/ to leaver/"),
        (another_key, "catalogue.json: key", "from {authority}:{subject} to {authority}"),
        (a_topic_removed, "catalogue.json: workforce.metrics.dead-letter", "the topic was removed"),
        (another_owner, "catalogue.json: workforce.leavers", "the owner changed from retention to recruitment"),
        (fewer_partitions, "catalogue.json: workforce.posts", "partitions went from 6 down to 5"),
        (records_not_kept_for_ever, "catalogue.json: workforce.posts", "retention_days went from None to 3650"),
        (
            records_kept_a_day_less,
            "catalogue.json: workforce.recruitment.watermarks",
            "retention_days went from 1 to 0",
        ),
        (another_number_in_the_census, "catalogue.json: ReasonLeave.retired", "changed from 5 to 8"),
        (a_code_without_a_number_in_the_census, "catalogue.json: LeaverDestination.not-known", "the code was removed"),
        (a_whole_item_of_the_census_removed, "catalogue.json: OrgRole.senior-manager", "the code was removed"),
    ],
)
def test_a_change_that_breaks_a_reader_or_a_feed_is_found_and_its_place_named(
    change: Change, where: str, what: str
) -> None:
    findings = findings_after(change)
    assert is_told(findings, where, what), findings


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            a_field_removed,
            f"{STARTED}: campaign: the field was removed. Instead: keep it, optional or not, or leave this version as "
            "it was and publish the change as a new version of the event type (.v2).",
        ),
        (
            a_code_removed_from_the_schema,
            f'{STARTED}: route: the value "open-evening" is no longer taken. Instead: put it back as it was published: '
            "codes are only added.",
        ),
        (
            fewer_partitions,
            "catalogue.json: workforce.posts: partitions went from 6 down to 5. Instead: keep them: Kafka cannot take "
            "partitions away.",
        ),
        (
            another_owner,
            "catalogue.json: workforce.leavers: the owner changed from retention to recruitment. Instead: give the new "
            "owner a topic of its own: one topic has one writer.",
        ),
    ],
)
def test_one_change_is_told_once_with_what_to_do_instead(change: Change, told: str) -> None:
    assert findings_after(change) == [told]


def a_new_attribute_that_needs_another(now: Published) -> None:
    now["envelope.json"]["properties"]["approvedby"] = {"type": "string"}
    now["envelope.json"]["dependentRequired"]["approvedby"] = ["supersedes"]


def a_new_event_type(now: Published) -> None:
    topics(now)["workforce.leavers"]["subject_kinds"]["uk.workforce.exit-interview.held.v1"] = "worker"
    now["events/uk.workforce.exit-interview.held.v1.json"] = now["events/uk.workforce.leaver.reversed.v1.json"]
    now["envelope.json"]["properties"]["type"]["enum"].append("uk.workforce.exit-interview.held.v1")


def a_new_topic(now: Published) -> None:
    topics(now)["workforce.supervision"] = {**topics(now)["workforce.posts"], "subject_kinds": {}}


def a_new_optional_field(now: Published) -> None:
    fields(now, STARTED)["contract"] = {"anyOf": [TOKEN, {"type": "null"}], "default": None}


def a_new_optional_attribute(now: Published) -> None:
    now["envelope.json"]["properties"]["feed"] = TOKEN


def a_required_field_made_optional(now: Published) -> None:
    fields(now, POST)["team"] = {"anyOf": [fields(now, POST)["team"], {"type": "null"}], "default": None}
    model(now, POST)["required"].remove("team")


def a_new_code(now: Published) -> None:
    now[STARTED]["$defs"]["Origin"]["enum"].append("returned-to-practice")
    now["catalogue.json"]["csww"]["StartOrigin"]["returned-to-practice"] = 11


def a_wider_range(now: Published) -> None:
    fields(now, STARTED)["fte"]["maximum"] = 2
    fields(now, POST)["funded_fte"]["minimum"] = fields(now, POST)["funded_fte"].pop("exclusiveMinimum")
    fields(now, STARTED)["fte"]["x-decimals"] = 8


def a_longer_text(now: Published) -> None:
    fields(now, POST)["team"]["maxLength"] = 128
    del fields(now, POST)["team"]["pattern"]


def a_whole_number_made_any_number(now: Published) -> None:
    fields(now, "events/uk.workforce.caseload.counted.v1.json")["cases"]["type"] = "number"


def another_kind_of_panel(now: Published) -> None:
    now[PANEL]["$defs"]["PanelKind"]["enum"].append("practice-educator")
    model(now, PANEL)["anyOf"].append({"properties": {"kind": {"const": "practice-educator"}}})


def a_rule_between_fields_dropped(now: Published) -> None:
    del model(now, COVER)["anyOf"]
    del now["envelope.json"]["allOf"]


def other_words(now: Published) -> None:
    fields(now, STARTED)["fte"]["description"] = "The share of full time."
    topics(now)["workforce.posts"]["purpose"] = "Posts."


def records_kept_a_day_longer_and_for_ever(now: Published) -> None:
    topics(now)["workforce.recruitment.watermarks"]["retention_days"] = 2
    topics(now)["workforce.retention.watermarks"]["retention_days"] = None


def another_document_of_the_topics(now: Published) -> None:
    now["asyncapi.json"] = {}


def more_partitions_and_another_reader(now: Published) -> None:
    topics(now)["workforce.posts"]["partitions"] = 12
    topics(now)["workforce.posts"]["readers"].append("retention")


@pytest.mark.parametrize(
    "change",
    [
        a_new_event_type,
        a_new_attribute_that_needs_another,
        a_new_topic,
        a_new_optional_field,
        a_new_optional_attribute,
        a_required_field_made_optional,
        a_new_code,
        a_wider_range,
        a_longer_text,
        a_whole_number_made_any_number,
        another_kind_of_panel,
        a_rule_between_fields_dropped,
        other_words,
        records_kept_a_day_longer_and_for_ever,
        another_document_of_the_topics,
        more_partitions_and_another_reader,
    ],
)
def test_a_change_that_breaks_nothing_passes(change: Change) -> None:
    assert findings_after(change) == []
