"""`workforce`: send, map, status, figures, explain, replay, dead-letters, erase.

Invariant: a command never ends with a traceback. Its exit status is 0 if all went well, 1 if something was rejected or
failed, 2 if the command was used wrongly, 3 if a service is away.
"""

from errno import EPIPE
from typing import Any

import typer
from typer.core import TyperGroup

from deploy.command_line import dead_letters, erasing, figures, mapping, replaying, sending, status
from deploy.command_line.asking import fail

HELP = """
Vacancies, who covers them and who stays: from a terminal.

\b
  workforce status                                      is everything running, and when did each feed last come?
  workforce figures vacancies --as-at 2023-10-31 --by role
  workforce explain vacancies --as-at 2023-10-31
  workforce map employees.csv > mapping.yml             a first mapping, for you to complete
  workforce send employees.csv --feed hr --dry-run      what would it change?
  workforce dead-letters list

WORKFORCE_METRICS_URL, WORKFORCE_RECRUITMENT_URL, WORKFORCE_RETENTION_URL and WORKFORCE_PEOPLE_URL say where the
services are; if they are not set, on this machine. The key is read from WORKFORCE_API_KEY. If --authority is left out,
the authority is read from WORKFORCE_AUTHORITY.

Exit codes: 0 all went well; 1 something was rejected, or failed; 2 the command was used wrongly; 3 a service is away.
"""


class Commands(TyperGroup):
    """The commands. Trouble with a file is told in words by every command."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that is meant."""
        try:
            return super().invoke(ctx)
        except UnicodeError:
            fail("a file is not text in UTF-8: save it so")
        except OSError as error:
            if error.errno == EPIPE:
                raise
            fail(f"{error.filename or 'a file'} cannot be read or written: {error.strerror}")


app = typer.Typer(
    name="workforce",
    cls=Commands,
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
