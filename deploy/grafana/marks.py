"""What is marked on every graph of figures: what the council did, and when."""

from deploy.grafana.boards import Mark
from deploy.grafana.panels import GREY

RAN = """\
SELECT
    starts_on::timestamp AT TIME ZONE 'UTC' AS "time",
    ends_on::timestamp AT TIME ZONE 'UTC' AS "timeend",
    title AS "text",
    replace(kind, '-', ' ') AS "tags"
FROM reporting.initiatives(${authority:sqlstring}, $__timeFrom()::date, $__timeTo()::date, now())
ORDER BY starts_on, initiative"""

INITIATIVES = (Mark("initiatives", RAN, GREY),)
