"""`workforce erase`: the register forgets a person.

Invariant: nobody is erased by a slip: the command asks, unless it is told that it need not.
"""

from typing import Annotated

import typer

from deploy.command_line.asking import Code, ask, authority_or_fail, fail
from deploy.command_line.showing import AsJson, Authority, show_json


def erase(
    worker: Annotated[str, typer.Argument(help="The worker's pseudonym, as figures name it: W-…")],
    reason: Annotated[str, typer.Option(help="Why: it is kept in the audit trail. Name nobody in it.")],
    authority: Authority = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Destroy the key of a person's details: the register forgets, the figures stay. It cannot be undone.

    \b
      workforce erase W-4711 -a 331 --reason "request 2024-17"
    """
    of = authority_or_fail(authority)
    if not yes and not typer.confirm(f"Erase all details of {worker} of authority {of}, for good?"):
        fail("nothing was erased", Code.FAILED)
    number = worker.removeprefix("worker/")
    body = ask("people", "DELETE", f"/v1/persons/{number}", params={"authority": of, "reason": reason}).json()
    if as_json:
        show_json(body)
    else:
        typer.echo(f"{number} was erased at {body['erased_at']}")
