"""Small releases in DfE's layout, made by hand.

Invariant: every number here is invented; the columns are those of DfE's releases of 2022 and of 2023 to 2025.
"""

HEADER = (
    "time_period,time_identifier,geographic_level,country_code,country_name,region_code,region_name,old_la_code,"
    "new_la_code,la_name,social_worker_fte,leaver_fte,turnover_rate_fte_%,working_days_lost_fte,absence_rate_fte_%,"
    "agency_fte,agency_worker_rate_fte_%,agency_cover_fte,agency_cover_rate_fte_%,vacancy_fte,vacancy_rate_fte_%,"
    "vacancy_agency_cover_rate_fte_%,case_holders_fte,cases,caseload_fte,social_worker_headcount,leaver_headcount,"
    "turnover_rate_headcount_%,agency_headcount,agency_worker_rate_headcount_%"
)
MEASURES = "80.5,8,9.9,700,3.4,20,19.9,10,50,20,19.9,50,60,900,15,90,9,10,20,18.2"
"""The twenty measures of a row: in post 80.5, turnover 9.9, agency rate 19.9 and so on."""

HEADER_SINCE_2023 = (
    "time_period,time_identifier,geographic_level,country_code,country_name,region_code,region_name,old_la_code,"
    "new_la_code,la_name,inpost_fte,inpost_headcount,starters_fte,starters_headcount,leavers_fte,leavers_headcount,"
    "turnover_rate_fte,turnover_rate_headcount,agency_fte,agency_headcount,agency_rate_fte,agency_rate_headcount,"
    "agency_cover_fte,agency_cover_rate_fte,vacancy_fte,vacancy_rate_fte,vacancy_agency_cover_rate_fte,"
    "case_holders_fte,cases,caseload_fte,working_days_lost_fte,absence_rate_fte"
)
MEASURES_SINCE_2023 = "100,110,12,13,10,11,10.1,10.2,5,6,4.8,4.3,4,80,9,8.3,44.4,70,1050,15,600,2.4"
"""The twenty-two measures of such a row."""


def england(year: int = 2022, measures: str = MEASURES) -> str:
    """The row of England."""
    return f"{year},Reporting year,National,E92000001,England,,,,,,{measures}"


def region(code: str, name: str, year: int = 2022, measures: str = MEASURES) -> str:
    """The row of a region."""
    return f"{year},Reporting year,Regional,E92000001,England,{code},{name},,,,{measures}"


def authority(
    code: str, name: str, year: int = 2022, measures: str = MEASURES, region: str = "E12000005,West Midlands"
) -> str:
    """The row of an authority."""
    return f"{year},Reporting year,Local authority,E92000001,England,{region},{code},E08000026,{name},{measures}"


def turnover(rate: str) -> str:
    """The measures of a row with another turnover rate."""
    return MEASURES.replace(",9.9,", f",{rate},", 1)


def file_of(*rows: str, header: str = HEADER) -> bytes:
    """The file as DfE publishes it: UTF-8 with a byte order mark."""
    return b"\xef\xbb\xbf" + "\r\n".join([header, *rows, ""]).encode()
