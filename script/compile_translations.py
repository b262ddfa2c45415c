"""Compile the message catalogues named on the command line: each .po gets its .mo beside it.

Pure Python, so that running Jiedian needs no gettext on the machine.
"""

import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compile_catalogue(source: Path) -> Path:
    """Write the .mo of one .po, whole or not at all. Fuzzy entries stay out, as with msgfmt."""
    with source.open("rb") as file:
        catalogue = read_po(file, locale=source.parents[1].name, abort_invalid=True)
    target = source.with_suffix(".mo")
    draft = target.with_suffix(".mo.new")
    with draft.open("wb") as file:
        write_mo(file, catalogue)
    draft.replace(target)
    return target


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"Compiled {compile_catalogue(Path(name))}")
