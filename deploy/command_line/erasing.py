"""`workforce erase`: the register forgets a person.

Invariant: nobody is erased by a slip. The command asks first, unless it is told not to.
"""

from typing import Annotated

import typer

from deploy.command_line.asking import Code, ask, authority_or_fail, fail, in_path
from deploy.command_line.showing import AsJson, Authority, show_json


def erase(
    worker: Annotated[str, typer.Argument(help="The worker's pseudonym, as P-…; below it says where to find it.")],
    reason: Annotated[str, typer.Option(help="Why: it is kept in the audit trail. Name nobody in it.")],
    authority: Authority = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Destroy the key of a person's details: the register forgets, the figures stay. It cannot be undone.

    \b
      workforce erase P-ME2WCMJQGIZTANJWGY3TQOJQ -a 331 --reason "request 2024-17"

    Where the pseudonym is found: by the staff number, as HR writes it, at /v1/persons of the service people (address
    and key as for every command; whoever asks is kept in the audit trail, with the reason):

    \b
      curl -H "Authorization: Bearer $WORKFORCE_API_KEY" \\
        'http://127.0.0.1:8103/v1/persons?authority=331&reference=10234&reason=request+2024-17'

    `workers` in the answer are the pseudonyms. The same stand behind worker/ in `workforce explain in-post`, and on
    the pages where a figure is explained; but there nobody can tell whose they are.
    """
    of = authority_or_fail(authority)
    number = worker.removeprefix("worker/")
    if not number:
        fail("which worker? Give the pseudonym, as P-…: `workforce erase --help` says where it is found", Code.USAGE)
    if not yes and not typer.confirm(f"Erase all details of {worker} of authority {of}, for good?"):
        fail("nothing was erased", Code.FAILED)
    body = ask("people", "DELETE", f"/v1/persons/{in_path(number)}", params={"authority": of, "reason": reason}).json()
    if as_json:
        show_json(body)
    else:
        typer.echo(f"{number} was erased at {body['erased_at']}")
