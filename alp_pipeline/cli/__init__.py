"""The `alp` command: a thin shell over the package's functions.

Belongs here: arguments, what is printed, exit codes. Does not: any work of its own. Every command imports
what it needs when it runs, so that `alp --help` and a refresh with nothing to do stay quick.

Exit codes: 0 done, published or nothing to do; 1 done with named failures; 2 usage, settings or input;
3 nothing published (gate failed, or a refresh is under way); 70 internal error.
"""

import sys

import click

from alp_pipeline import __version__
from alp_pipeline.cli.archive import archive
from alp_pipeline.cli.decide import decide
from alp_pipeline.cli.index import index
from alp_pipeline.cli.output import EXIT_INTERNAL, EXIT_USAGE
from alp_pipeline.cli.refresh import refresh, ui
from alp_pipeline.cli.sources import sources
from alp_pipeline.cli.specialisation import specialisation
from alp_pipeline.cli.warehouse import query, release, report
from alp_pipeline.errors import AlpError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="alp")
def alp() -> None:
    """The observatory of Alpine clusters: archive, refresh, query, report."""


for command in (archive, decide, index, query, refresh, release, report, sources, specialisation, ui):
    alp.add_command(command)


def main() -> None:
    """Run the command; a typed error becomes one line and an exit code, never a traceback."""
    try:
        alp.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_USAGE)
    except click.Abort:
        sys.exit(130)
    except AlpError as error:
        click.echo(str(error), err=True)
        sys.exit(EXIT_USAGE)
    except Exception:
        import traceback

        traceback.print_exc()
        click.echo("alp: internal error; please report the lines above.", err=True)
        sys.exit(EXIT_INTERNAL)
