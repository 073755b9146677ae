"""`workforce`: send, map, status, figures, explain, replay, dead-letters, erase.

Invariant: a command ends with 0 where all went well, 1 where something was rejected or failed, 2 where it was not asked
for rightly, 3 where a service is away; and never with a traceback.
"""

import typer

from deploy.command_line import dead_letters, erasing, figures, mapping, replaying, sending, status

HELP = """
Vacancies, who covers them and who stays: from a terminal.

\b
  workforce status                                      is everything running, and when did each feed last come?
  workforce figures vacancies --as-at 2023-10-31 --by role
  workforce explain vacancies --as-at 2023-10-31
  workforce map employees.csv > mapping.yml             a first mapping, for you to complete
  workforce send employees.csv --feed hr --dry-run      what would it change?
  workforce dead-letters list

Where the services are say WORKFORCE_METRICS_URL, WORKFORCE_RECRUITMENT_URL, WORKFORCE_RETENTION_URL and
WORKFORCE_PEOPLE_URL (on this machine, if left out); the key is read from WORKFORCE_API_KEY, the authority from
WORKFORCE_AUTHORITY where --authority is left out.

Exit codes: 0 all went well; 1 something was rejected, or failed; 2 the command was not used rightly; 3 a service is
away.
"""

app = typer.Typer(
    name="workforce",
    help=HELP,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
app.command("status")(status.status)
app.command("figures")(figures.figures)
app.command("explain")(figures.explain)
app.command("map")(mapping.map_file)
app.command("send")(sending.send)
app.command("replay")(replaying.replay)
app.add_typer(dead_letters.app, name="dead-letters")
app.command("erase")(erasing.erase)

if __name__ == "__main__":
    app(prog_name="workforce")
