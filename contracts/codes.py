"""Code sets: every coded value that an event may carry, in the words of the field.

Invariant: a code, once published, keeps its meaning; codes are added, never renamed.
The CSWW numbers are those of DfE's children's social work workforce census 2024 to 2025, specification version 1.
"""

from enum import IntEnum, StrEnum


class Role(StrEnum):
    """What a post is for."""

    NEWLY_QUALIFIED_SOCIAL_WORKER = "newly-qualified-social-worker"
    SOCIAL_WORKER = "social-worker"
    ADVANCED_SOCIAL_WORKER = "advanced-social-worker"
    SENIOR_PRACTITIONER = "senior-practitioner"
    TEAM_MANAGER = "team-manager"
    LOCAL_AUTHORITY_DESIGNATED_OFFICER = "local-authority-designated-officer"
    INDEPENDENT_REVIEWING_OFFICER = "independent-reviewing-officer"
    CHILD_PROTECTION_CHAIR = "child-protection-chair"
    SERVICE_MANAGER = "service-manager"
    HEAD_OF_SERVICE = "head-of-service"
    RESIDENTIAL_CHILDRENS_WORKER = "residential-childrens-worker"
    SENIOR_RESIDENTIAL_CHILDRENS_WORKER = "senior-residential-childrens-worker"
    RESIDENTIAL_DEPUTY_MANAGER = "residential-deputy-manager"
    RESIDENTIAL_REGISTERED_MANAGER = "residential-registered-manager"


class CswwRole(IntEnum):
    """CSWW OrgRole. A post without one is outside the census (residential staff, say)."""

    SENIOR_MANAGER = 1
    MIDDLE_MANAGER = 2
    FIRST_LINE_MANAGER = 3
    SENIOR_PRACTITIONER = 4
    CASE_HOLDER = 5
    QUALIFIED_WITHOUT_CASES = 6


class Origin(StrEnum):
    """Where a starter came from: CSWW StartOrigin, numbers in `CSWW_START_ORIGIN`."""

    NEWLY_QUALIFIED = "newly-qualified"
    OTHER_ENGLISH_AUTHORITY = "other-english-authority"
    OUTSIDE_ENGLAND = "outside-england"
    AGENCY_OR_CONSULTANCY = "agency-or-consultancy"
    OTHER_SOCIAL_WORK = "other-social-work"
    OTHER_SOCIAL_CARE = "other-social-care"
    NOT_SOCIAL_CARE = "not-social-care"
    OTHER = "other"
    NOT_KNOWN = "not-known"
    NOT_YET_COLLECTED = "not-yet-collected"


class Route(StrEnum):
    """How a starter came."""

    ACADEMY = "academy"
    RETURN_TO_PRACTICE = "return-to-practice"
    STEP_UP = "step-up"
    FRONTLINE = "frontline"
    APPRENTICESHIP = "apprenticeship"
    AGENCY_CONVERSION = "agency-conversion"
    OPEN_EVENING = "open-evening"
    REFER_A_FRIEND = "refer-a-friend"
    DIRECT = "direct"


class Destination(StrEnum):
    """Where a leaver went: CSWW LeaverDestination, numbers in `CSWW_LEAVER_DESTINATION`."""

    OTHER_ENGLISH_AUTHORITY = "other-english-authority"
    OUTSIDE_ENGLAND = "outside-england"
    AGENCY_OR_CONSULTANCY = "agency-or-consultancy"
    OTHER_SOCIAL_WORK = "other-social-work"
    OTHER_SOCIAL_CARE = "other-social-care"
    NOT_SOCIAL_CARE = "not-social-care"
    OTHER = "other"
    NOT_KNOWN = "not-known"
    NOT_YET_COLLECTED = "not-yet-collected"


class LeavingReason(StrEnum):
    """Why a leaver left: CSWW ReasonLeave, numbers in `CSWW_REASON_LEAVE`."""

    RESIGNATION = "resignation"
    VOLUNTARY_REDUNDANCY = "voluntary-redundancy"
    COMPULSORY_REDUNDANCY = "compulsory-redundancy"
    DISMISSED = "dismissed"
    RETIRED = "retired"
    DECEASED = "deceased"
    MOVED_WITHIN_AUTHORITY = "moved-within-authority"
    OTHER = "other"
    NOT_KNOWN = "not-known"
    NOT_YET_COLLECTED = "not-yet-collected"


CSWW_START_ORIGIN = {origin: number for number, origin in enumerate(Origin, start=1)}
CSWW_LEAVER_DESTINATION = {destination: number for number, destination in enumerate(Destination, start=1)}
CSWW_REASON_LEAVE = {reason: number for number, reason in enumerate(LeavingReason, start=1)}


class Employment(StrEnum):
    """On what terms a worker is employed."""

    PERMANENT = "permanent"
    FIXED_TERM = "fixed-term"
    SECONDED_IN = "seconded-in"


class MoveKind(StrEnum):
    """Why a worker goes from one post to another of the same authority."""

    MOVE = "move"
    PROMOTION = "promotion"
    PROGRESSION = "progression"
    SECONDMENT = "secondment"
    RETURN_FROM_SECONDMENT = "return-from-secondment"


class ApplicationStage(StrEnum):
    """How far one application has come, from interest to start."""

    INTERESTED = "interested"
    ATTENDED = "attended"
    APPLIED = "applied"
    SHORTLISTED = "shortlisted"
    INTERVIEWED = "interviewed"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    STARTED = "started"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"


class CoverReason(StrEnum):
    """Why an agency worker is engaged. Only `vacancy` covers a vacancy."""

    VACANCY = "vacancy"
    ABSENCE = "absence"
    ADDITIONAL = "additional"


class CoverOutcome(StrEnum):
    """How an agency assignment ended."""

    COMPLETED = "completed"
    CONVERTED_TO_PERMANENT = "converted-to-permanent"
    ENDED_BY_AGENCY = "ended-by-agency"
    ENDED_BY_AUTHORITY = "ended-by-authority"
    NOT_KNOWN = "not-known"


class PanelKind(StrEnum):
    """What a progression panel decides about."""

    ADVANCED_SOCIAL_WORKER = "advanced-social-worker"
    ASYE = "asye"


class PanelDecision(StrEnum):
    """What a progression panel decided: successful or not for Advanced Social Worker, pass or fail for the ASYE."""

    SUCCESSFUL = "successful"
    UNSUCCESSFUL = "unsuccessful"
    PASSED = "passed"
    FAILED = "failed"
    DEFERRED = "deferred"


class AbsenceReason(StrEnum):
    """Why a worker was away: CSWW ReasonAbsence."""

    MATERNITY_OR_PATERNITY = "MAT"
    OTHER = "OTH"
    PUBLIC_DUTY = "PUB"
    SICKNESS = "SIC"
    TRAINING = "TRN"
    AUTHORISED_UNPAID = "UNA"
    UNAUTHORISED_UNPAID = "UNP"


class Demand(StrEnum):
    """Which children are counted."""

    CHILDREN_LOOKED_AFTER = "children-looked-after"
    CHILD_PROTECTION_PLANS = "child-protection-plans"
    CHILDREN_IN_NEED = "children-in-need"


class SupportOffer(StrEnum):
    """Support that workers take up."""

    CLINICAL_SUPERVISION = "clinical-supervision"
    WELLBEING = "wellbeing"
    COACHING = "coaching"


class InitiativeKind(StrEnum):
    """What a council does to fill its posts or to keep its people."""

    RETENTION_PAYMENT = "retention-payment"
    OPEN_EVENING = "open-evening"
    PROGRESSION_PATHWAY = "progression-pathway"
    REGRADING = "regrading"
    OTHER = "other"


class WithdrawalReason(StrEnum):
    """Why a record is withdrawn as though it had never been made."""

    ENTERED_IN_ERROR = "entered-in-error"
    CANCELLED = "cancelled"
    DUPLICATE = "duplicate"
