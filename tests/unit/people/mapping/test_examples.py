"""The three worked examples read the deliveries that they are of; what they state is written down by hand."""

from datetime import date
from decimal import Decimal
from pathlib import Path

from contracts.codes import (
    AbsenceReason,
    ApplicationStage,
    CoverOutcome,
    CoverReason,
    CswwRole,
    Demand,
    Destination,
    Employment,
    LeavingReason,
    Origin,
    PanelDecision,
    PanelKind,
    Role,
    Route,
    SupportOffer,
)
from contracts.events.hiring import ApplicationProgressed, CampaignOpened, CohortOpened, WorkerFteChanged
from contracts.events.leavers import WorkerLeft
from contracts.events.progression_panels import PanelDecided
from contracts.events.working_life import (
    AbsenceRecorded,
    CaseloadCounted,
    DemandCounted,
    RetentionPaymentMade,
    SupportTakenUp,
)
from services.people.mapping import model
from services.people.mapping.model import read_mapping
from services.people.mapping.reader import RowsRead
from services.people.statements import (
    ChangeStated,
    CoverStated,
    Ending,
    History,
    HoldingStated,
    PostStated,
    RowLeftOut,
)
from tests.unit.people.mappings import read_all

EXAMPLES = Path(model.__file__).parent / "examples"
WORKER = "worker-004711-hidden"


def read(example: str, name: str, text: str) -> RowsRead:
    """What a file with this name and text says by an example."""
    mapping = read_mapping((EXAMPLES / f"{example}.yaml").read_text(encoding="utf-8"))
    found = read_all(text.encode(), mapping.file_for(name))
    assert found.faults == []
    assert found.remarks == []
    return found


def changes(name: str, text: str) -> list[tuple[str, str, object]]:
    """Subject, key and data of the changes that a file of the plain example states."""
    stated = read("plain", name, text).statements
    return [(one.subject, one.key, one.data) for one in stated if isinstance(one, ChangeStated)]


def test_plain_posts() -> None:
    found = read(
        "plain",
        "posts_20231031.csv",
        "Post Number,Job Title,Funded FTE,Team,Service Area,Grade,CSWW Role\n"
        "sw-1,Social Worker,1,MASH & Assessment,Help and Protection,SO1,5\n"
        "DUMMY1,Social Worker,1,None,None,,\n"
        "bs-1,Business Support Officer,1,Duty,Help and Protection,C,\n",
    )
    assert found.statements == [
        PostStated(
            row=2,
            post="SW-1",
            role=Role.SOCIAL_WORKER,
            funded_fte=Decimal(1),
            team="mash-and-assessment",
            service_area="help-and-protection",
            grade="so1",
            csww_role=CswwRole.CASE_HOLDER,
        )
    ]
    assert found.left_out == [RowLeftOut(3, "dummy posts"), RowLeftOut(4, "code left out: Business Support Officer")]


def test_plain_employees() -> None:
    found = read(
        "plain",
        "employees.csv",
        "Employee Number,Surname,Forename,Date of Birth,Sex,Ethnicity,SWE Number,Post Number,FTE,Start in Post,"
        "End in Post,Leaving Date,Leaving Reason,Destination,Came From,Route,Contract,Department\n"
        "4711,Invented,Ada,10/12/1985,F,WBRI,SW12345,sw-1,0.6,01/04/2020,,,,,Agency,Agency Conversion,,Children\n"
        "4711,Invented,Ada,10/12/1985,F,WBRI,SW12345,sw-2,0.4,01/04/2020,31/03/2023,31/03/2023,Resignation,Elsewhere,,,"
        "Fixed Term,Children\n"
        "12,Other,Bob,,,,,sw-3,1,01/04/2020,,,,,,,,Adults North\n",
    )
    assert found.statements == [
        HoldingStated(
            row=2,
            worker=WORKER,
            holding=f"{WORKER}.SW-1",
            post="SW-1",
            fte=Decimal("0.6"),
            holds_from=date(2020, 4, 1),
            origin=Origin.AGENCY_OR_CONSULTANCY,
            route=Route.AGENCY_CONVERSION,
        ),
        HoldingStated(
            row=3,
            worker=WORKER,
            holding=f"{WORKER}.SW-2",
            post="SW-2",
            fte=Decimal("0.4"),
            holds_from=date(2020, 4, 1),
            holds_until=date(2023, 3, 31),
            left_on=date(2023, 3, 31),
            leaving_reason=LeavingReason.RESIGNATION,
            destination=Destination.NOT_KNOWN,
            employment=Employment.FIXED_TERM,
        ),
    ]
    assert found.left_out == [RowLeftOut(4, "adults' services")]
    assert found.persons[0].details == {
        "name": "Ada Invented",
        "date_of_birth": "1985-12-10",
        "sex": "F",
        "ethnicity": "WBRI",
        "registration_number": "SW12345",
    }


def test_plain_agency_assignments() -> None:
    found = read(
        "plain",
        "agency.csv",
        "Assignment,Agency Worker,Post Covered,Role,FTE,Reason,From,To,Hourly Rate,Agency\n"
        "B1,C9,sw-1,Social Worker,1,Vacancy,01/04/2023,30/09/2023,£34.50,Acme Care Ltd\n",
    )
    assert found.statements == [
        CoverStated(
            row=2,
            cover="B1",
            agency_worker="agency-worker-C9-hidden",
            fte=Decimal(1),
            reason=CoverReason.VACANCY,
            post="SW-1",
            role=Role.SOCIAL_WORKER,
            holds_from=date(2023, 4, 1),
            holds_until=date(2023, 10, 1),
            hourly_rate=Decimal("34.50"),
            agency="acme-care-ltd",
        )
    ]


def test_plain_leavers_panels_and_absences() -> None:
    assert changes(
        "leavers.csv", "Employee Number,Leaving Date,Leaving Reason,Destination\n4711,30/09/2023,Retirement,\n"
    ) == [
        (
            WORKER,
            "2023-09-30",
            WorkerLeft(left_on=date(2023, 9, 30), reason=LeavingReason.RETIRED, destination=Destination.NOT_KNOWN),
        )
    ]
    assert changes(
        "panels.csv",
        "Employee Number,Panel,Panel Date,Kind,Decision,Effective From,FTE\n"
        "4711,PN1,15/01/2024,Advanced Social Worker,Successful,01/04/2024,0.8\n4711,PN2,15/01/2024,ASYE,Pass,,\n",
    ) == [
        (
            WORKER,
            "PN1/advanced-social-worker",
            PanelDecided(
                panel="PN1",
                decided_on=date(2024, 1, 15),
                kind=PanelKind.ADVANCED_SOCIAL_WORKER,
                decision=PanelDecision.SUCCESSFUL,
                effective_from=date(2024, 4, 1),
                fte=Decimal("0.8"),
            ),
        ),
        (
            WORKER,
            "PN2/asye",
            PanelDecided(
                panel="PN2",
                decided_on=date(2024, 1, 15),
                kind=PanelKind.ASYE,
                decision=PanelDecision.PASSED,
                fte=Decimal(1),
            ),
        ),
    ]
    assert changes(
        "absences.csv",
        "Employee Number,Absence Number,First Day,Last Day,Working Days,Reason\n"
        "4711,A7,02/10/2023,04/10/2023,2.5,Sickness\n",
    ) == [
        (
            WORKER,
            "A7",
            AbsenceRecorded(
                absent_from=date(2023, 10, 2),
                returned_on=date(2023, 10, 5),
                working_days_lost=Decimal("2.5"),
                reason=AbsenceReason.SICKNESS,
            ),
        )
    ]


def test_plain_caseloads_payments_support_and_children() -> None:
    assert changes("caseloads.csv", "Employee Number,Date,Cases\n4711,30/09/2023,14\n") == [
        (WORKER, "2023-09-30", CaseloadCounted(counted_on=date(2023, 9, 30), cases=14))
    ]
    assert changes(
        "retention.csv", 'Employee Number,Paid,Twelve Months Completed,Amount\n4711,31/03/2024,01/02/2024,"£3,000.00"\n'
    ) == [
        (
            WORKER,
            "2024-02-01",
            RetentionPaymentMade(
                paid_on=date(2024, 3, 31), service_completed_on=date(2024, 2, 1), amount=Decimal("3000.00")
            ),
        )
    ]
    assert changes("support.csv", "Employee Number,Date,Offer\n4711,05/06/2023,Clinical Supervision\n") == [
        (
            WORKER,
            "clinical-supervision/2023-06-05",
            SupportTakenUp(taken_up_on=date(2023, 6, 5), offer=SupportOffer.CLINICAL_SUPERVISION),
        )
    ]
    assert changes("children.csv", "Series,Date,Measure,Count\ncin,31/10/2023,Children in need,2150\n") == [
        (
            "cin",
            "children-in-need/2023-10-31",
            DemandCounted(counted_on=date(2023, 10, 31), demand=Demand.CHILDREN_IN_NEED, children=2150),
        )
    ]


def test_plain_campaigns_applications_and_cohorts() -> None:
    assert changes(
        "campaigns.csv",
        "Campaign,Opened,Closes,Route,Roles,Posts\nC1,01/05/2023,,Open Evening,Social Worker;LADO,sw-1; sw-2\n",
    ) == [
        (
            "C1",
            "",
            CampaignOpened(
                opened_on=date(2023, 5, 1),
                route=Route.OPEN_EVENING,
                roles=(Role.SOCIAL_WORKER, Role.LOCAL_AUTHORITY_DESIGNATED_OFFICER),
                posts=("SW-1", "SW-2"),
            ),
        )
    ]
    assert changes(
        "applications.csv",
        "Application,Stage,Date,Route,Campaign,Role\nA1,offered,20/05/2023,Open Evening,C1,Social Worker\n",
    ) == [
        (
            "A1",
            "offered",
            ApplicationProgressed(
                stage=ApplicationStage.OFFERED,
                reached_on=date(2023, 5, 20),
                route=Route.OPEN_EVENING,
                campaign="C1",
                role=Role.SOCIAL_WORKER,
            ),
        )
    ]
    assert changes(
        "cohorts.csv", "Cohort,Entry,Completes,Academy Team,Places\n17,01/09/2023,31/08/2024,Team B,26\n"
    ) == [
        (
            "17",
            "",
            CohortOpened(entry_on=date(2023, 9, 1), completes_on=date(2024, 8, 31), academy_team="team-b", places=26),
        )
    ]


def test_itrent_like_positions_occupancies_and_hours() -> None:
    positions = read(
        "itrent_like",
        "POSITION_20231031.txt",
        "POST_NO|JOB_CODE|BUDGET_HRS|ORG_UNIT|SERVICE|GRADE|CSWW_ROLE|LOCATION|START_DATE|END_DATE\r\n"
        "SW01|SW|37|DUTY|HELP|SO1|5|TOWN_HALL|20180401|20201231\r\n"
        "SW01|SW|18.5|DUTY|HELP|SO1|5|TOWN_HALL|20210101|\r\n"
        "PST0001|SW|37|NONE|NONE||||20000101|\r\n"
        "PREV12|SW|37|NONE|NONE||||20000101|\r\n",
    )
    assert [
        (one.row, one.post, one.funded_fte, one.holds_from, one.holds_until)
        for one in positions.statements
        if isinstance(one, PostStated)
    ] == [
        (2, "SW01", Decimal(1), date(2018, 4, 1), date(2021, 1, 1)),
        (3, "SW01", Decimal("0.5"), date(2021, 1, 1), None),
    ]
    assert [one.rule for one in positions.left_out] == ["the post of leavers", "posts of before"]
    occupancies = read(
        "itrent_like",
        "OCCUPANCY_20231031.txt",
        "OBJECT|OCC_KEY|FORENAME|SURNAME|DOB|POST_NO|INDICATOR|START_DATE|END_DATE|END_REASON|LEAVE_DATE|LEAVE_REASON|"
        "DESTINATION|ORIGIN|ROUTE|CONTRACT|COHORT|CAMPAIGN\r\n"
        "4711|4711A|Ada|Invented|19851210|SW01|C|20180401|20201231|TRANSFER||||NQ|ACAD|PERM|17|\r\n"
        "004711|004711B|Ada|Invented|19851210|SW02|C|20210101|20230331|LEAVER|20230331|RESIGN|LA||||17|\r\n"
        "4711|4711C|Ada|Invented|19851210|SW03|J|20240101||||||||||\r\n",
    )
    assert occupancies.statements == [
        HoldingStated(
            row=2,
            worker=WORKER,
            holding="holding-004711A-hidden",
            post="SW01",
            fte=Decimal(1),
            holds_from=date(2018, 4, 1),
            holds_until=date(2021, 1, 1),
            ending=Ending.MOVED,
            origin=Origin.NEWLY_QUALIFIED,
            route=Route.ACADEMY,
            cohort="17",
        ),
        HoldingStated(
            row=3,
            worker=WORKER,
            holding="holding-004711B-hidden",
            post="SW02",
            fte=Decimal(1),
            holds_from=date(2021, 1, 1),
            holds_until=date(2023, 3, 31),
            ending=Ending.LEFT,
            left_on=date(2023, 3, 31),
            leaving_reason=LeavingReason.RESIGNATION,
            destination=Destination.OTHER_ENGLISH_AUTHORITY,
            cohort="17",
        ),
    ]
    assert occupancies.left_out == [RowLeftOut(4, "current")]
    hours = read(
        "itrent_like",
        "HOURS_20231031.txt",
        "OBJECT|START_DATE|GROUP|TYPE|VALUE1|POST_NO\r\n"
        "004711|20190901|NJC|FTE_HRS|22.2|SW01\r\n004711|20190901|NJC|CONT_HRS|22.2|SW01\r\n"
        "004711|20200901|LEGACY|FTE_HRS|21|SW01\r\n",
    )
    assert [(one.row, one.subject, one.data) for one in hours.statements if isinstance(one, ChangeStated)] == [
        (2, WORKER, WorkerFteChanged(effective_from=date(2019, 9, 1), post="SW01", fte=Decimal("0.6"))),
        (4, WORKER, WorkerFteChanged(effective_from=date(2020, 9, 1), post="SW01", fte=Decimal("0.6"))),
    ]


def test_itrent_like_and_oracle_like_hold_the_whole_history() -> None:
    for example, names in (
        ("itrent_like", ("POSITION.txt", "OCCUPANCY.txt")),
        ("oracle_like", ("Position.dat", "Assignment.dat")),
    ):
        mapping = read_mapping((EXAMPLES / f"{example}.yaml").read_text(encoding="utf-8"))
        assert [mapping.file_for(name).policy.history for name in names] == [History.COMPLETE, History.COMPLETE]


def test_oracle_like_assignments_and_agency() -> None:
    assignments = read(
        "oracle_like",
        "Workers_Assignment_2023.dat",
        "PersonNumber|AssignmentNumber|FirstName|LastName|DateOfBirth|AnnualSalary|PositionCode|EffectiveStartDate|"
        "EffectiveEndDate|EffectiveSequence|EffectiveLatestChange|NormalHours|StandardWorkingHours|Frequency|"
        "ActualTerminationDate|TerminationReason|LeaverDestination|StarterOrigin|StarterRoute|ContractType|AsyeCohort|"
        "RequisitionNumber\r\n"
        "004711|E4711|Ada|Invented \\| Other|1985/12/10|38296|SW 01|2018/04/01|2020/12/31|1|Y|37|37|W||||"
        "newly-qualified|academy|PERM|17|C1\r\n"
        "004711|E4711|Ada|Invented|1985/12/10|38296|SW 01|2021/01/01|4712/12/31|1|N|30|37|W||||||||\r\n"
        "004711|E4711|Ada|Invented|1985/12/10|38296|SW 02|2021/01/01|4712/12/31|2|Y|22.2|37|W||||||||\r\n",
    )
    assert assignments.statements == [
        HoldingStated(
            row=2,
            worker="worker-4711-hidden",
            holding="holding-E4711-hidden",
            post="SW01",
            fte=Decimal(1),
            holds_from=date(2018, 4, 1),
            holds_until=date(2021, 1, 1),
            origin=Origin.NEWLY_QUALIFIED,
            route=Route.ACADEMY,
            cohort="17",
            campaign="C1",
        ),
        HoldingStated(
            row=4,
            worker="worker-4711-hidden",
            holding="holding-E4711-hidden",
            post="SW02",
            fte=Decimal("0.6"),
            holds_from=date(2021, 1, 1),
        ),
    ]
    assert assignments.left_out == [RowLeftOut(3, "changes that another of the same day replaced")]
    assert assignments.persons[0].details["name"] == "Ada Invented | Other"
    agency = read(
        "oracle_like",
        "Contingent.dat",
        "AssignmentNumber|PersonNumber|PositionCode|JobName|NormalHours|StandardWorkingHours|EngagementReason|"
        "EffectiveStartDate|EffectiveEndDate|HourlyRate|SupplierName|Outcome\r\n"
        "C1|9|SW01|Social Worker|37|37|VACANCY|2023/04/01|2023/09/30|34.5|Acme|completed\r\n",
    )
    assert agency.statements == [
        CoverStated(
            row=2,
            cover="C1",
            agency_worker="agency-worker-9-hidden",
            fte=Decimal(1),
            reason=CoverReason.VACANCY,
            post="SW01",
            role=Role.SOCIAL_WORKER,
            holds_from=date(2023, 4, 1),
            holds_until=date(2023, 10, 1),
            hourly_rate=Decimal("34.5"),
            agency="acme",
            outcome=CoverOutcome.COMPLETED,
        )
    ]
