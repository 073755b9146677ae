"""`workforce replay`: metrics derives its timelines again from the events that it has.

Invariant: figures are answered meanwhile. A replay ends even if nobody waits for it.
"""

import time
from typing import Annotated

import typer

from deploy.command_line.asking import Code, ask, fail
from deploy.command_line.showing import AsJson, Authority, progress, show_json

LOOK_SECONDS = 0.3


def replay(
    authority: Authority = None,
    every: Annotated[bool, typer.Option("--all", help="Of all authorities.")] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for its end; 0 does not wait.")] = 3600.0,
    as_json: AsJson = False,
) -> None:
    """Derive timelines again from the events that metrics holds, of one authority or of all.

    \b
      workforce replay -a 331
      workforce replay --all

    Needs the right `operate` for all authorities. For a new version of the rules, or after a timeline could not be
    derived; events that never arrived are asked for by the services themselves.
    """
    if every == bool(authority):
        fail("of which authority? Either --authority 331 or --all", Code.USAGE)
    params = {"authority": authority or "all"}
    queued: int = ask("metrics", "POST", "/v1/replays", params=params).json()["queued"]
    deadline, waiting, failed = time.monotonic() + wait, queued, 0
    with progress("derived", queued) as bar:
        while wait and waiting:
            body = ask("metrics", "GET", "/v1/replays", params=params).json()
            waiting, failed = body["waiting"], body["failed"]
            bar.update(bar.task_ids[0], completed=max(0, queued - waiting))
            if waiting and time.monotonic() > deadline:
                fail(f"after {wait:.0f} seconds {waiting} timelines still wait; it goes on without this command")
            time.sleep(LOOK_SECONDS if waiting else 0)
    if as_json:
        show_json({"authority": params["authority"], "queued": queued, "waiting": waiting, "failed": failed})
    else:
        typer.echo(f"{queued} timelines queued, {waiting} waiting, {failed} that cannot be derived")
    if failed:
        raise typer.Exit(Code.FAILED)
