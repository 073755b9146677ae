"""`python -m deploy.design_system`: fetch the design system. The set-up runs it.

npm fetches the package by its lock. If there is no Node, it comes from PyPI (`requirements/node.lock`), for this alone.
"""

import re
import shutil
import sys
import venv
from pathlib import Path
from subprocess import CalledProcessError, run
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
LOCK = HERE / "package-lock.json"
NODE_LOCK = REPOSITORY / "requirements" / "node.lock"
SERVED = REPOSITORY / "services" / "metrics" / "pages" / "static" / "design-system"
"""Where the pages serve it from."""
FETCH_SECONDS = 600

FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}")
FONT = re.compile(r'"?GDS Transport"?\s*,\s*')


def without_fonts(styles: str) -> str:
    """Styles that name no font of GOV.UK: pages of others may not use it, and use Arial, as its own fallback does."""
    return FONT.sub("", FONT_FACE.sub("", styles))


def npm(folder: Path) -> list[str]:
    """The command npm: this machine's, or one that is installed into `folder`."""
    if shutil.which("npm") is not None:
        return ["npm"]
    print("no npm on this machine: fetching Node for this alone, once", flush=True)
    venv.create(folder, with_pip=True)
    install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r")
    run([folder / "bin" / "python", *install, NODE_LOCK], check=True, timeout=FETCH_SECONDS)  # noqa: S603
    return [str(folder / "bin" / "npm")]


def fetch() -> None:
    """Fetch the package and put what is served in its place; an interrupted fetch leaves nothing there."""
    with TemporaryDirectory() as scratch:
        work = Path(scratch, "package")
        work.mkdir()
        for name in ("package.json", LOCK.name):
            shutil.copy(HERE / name, work)
        ci = ("ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts")
        run([*npm(Path(scratch, "node")), *ci], cwd=work, check=True, timeout=FETCH_SECONDS)  # noqa: S603
        built = work / "node_modules" / "govuk-frontend" / "dist" / "govuk"
        shutil.rmtree(SERVED, ignore_errors=True)
        SERVED.mkdir(parents=True)
        styles = without_fonts((built / "govuk-frontend.min.css").read_text())
        (SERVED / "govuk-frontend.min.css").write_text(styles)
        shutil.copy(built / "govuk-frontend.min.js", SERVED)
        shutil.copy(LOCK, SERVED / ".complete")


def main() -> int:
    """0 when it is there; otherwise one line says what failed."""
    stamp = SERVED / ".complete"
    if stamp.exists() and stamp.read_bytes() == LOCK.read_bytes():
        return 0
    print("fetching the styles of the pages, once", flush=True)
    try:
        fetch()
    except (OSError, CalledProcessError) as error:
        print(f"the styles of the pages could not be fetched: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
