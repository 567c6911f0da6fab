"""Write the synthetic sample: `python data/sample/generate.py [FOLDER]`, by default over the one beside it.

Belongs here: the command. Does not: anything else (generator). Needs Python's standard library alone.
"""

import sys
from pathlib import Path

from generator.archive_folder import write


def main(arguments: list[str]) -> None:
    folder = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    for document in write(folder):
        print(f"{len(document.content):>9,} bytes {document.cells:>8,} cells  {document.path}")


if __name__ == "__main__":
    main(sys.argv[1:])
