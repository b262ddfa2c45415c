"""Are all strings translated, and do the catalogues hold exactly the strings of the program?

Extracts the strings anew from a copy of the program (as `makemessages` does) and compares. With
`--update` the fresh catalogues replace the old ones, their translations kept: sorted by text and
without places or the time, so that two branches that add strings merge.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ["zh_Hans"]  # the program is written in English
STRANGERS = ["vendor", "tests", "bench", "mockups"]  # folders whose strings no user reads
NEW_CATALOGUE = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"MIME-Version: 1.0\\n"
"Language: zh_Hans\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"""
SHOWN = 20  # lines of each kind of complaint


def domains() -> list[str]:
    """django, and djangojs once our own scripts translate."""
    scripts = [path for path in (ROOT / "static").rglob("*.js") if "vendor" not in path.parts]
    translates = any("gettext(" in path.read_text(encoding="utf-8") for path in scripts)
    return ["django", "djangojs"] if translates else ["django"]


def catalogue_name(locale: str, domain: str) -> Path:
    return Path("locale") / locale / "LC_MESSAGES" / f"{domain}.po"


def copy_program(target: Path):
    """Copy what is, or is about to be, in the repository."""
    listed = subprocess.run(
        [
            "git",
            "-c",
            f"safe.directory={ROOT}",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout.decode()
    wanted = {".py", ".html", ".txt", ".js", ".po", ".svg"}
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if source.suffix in wanted and source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
    for locale in LOCALES:
        for domain in domains():
            catalogue = target / catalogue_name(locale, domain)
            if not catalogue.exists():  # makemessages would copy the plural forms of English
                catalogue.parent.mkdir(parents=True, exist_ok=True)
                catalogue.write_text(NEW_CATALOGUE, encoding="utf-8")


def extract(folder: Path, domain: str):
    """Run makemessages in the copy."""
    command = [sys.executable, "-m", "django", "makemessages", "--domain", domain]
    command += ["--no-obsolete", "--add-location", "file", "--no-wrap"]
    for locale in LOCALES:
        command += ["--locale", locale]
    for stranger in STRANGERS:
        command += ["--ignore", stranger]
    # Without settings it takes the locale/ of its folder for all strings.
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
    )
    if done.returncode:
        sys.exit(f"makemessages failed:\n{done.stdout}{done.stderr}")


def read(path: Path, locale: str) -> Catalog:
    if not path.exists():
        return Catalog(locale=locale)
    with path.open("rb") as file:
        return read_po(file, locale=locale, abort_invalid=True)


def write(catalogue: Catalog, path: Path) -> None:
    catalogue.project, catalogue.version = "Jiedian", "1"
    catalogue.creation_date = catalogue.revision_date
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=0, no_location=True, sort_output=True)


def strings(catalogue: Catalog) -> dict[tuple, Message]:
    """The messages of a catalogue by text and context, without its header."""
    return {(message.id, message.context): message for message in catalogue if message.id}


def where(message: Message) -> str:
    return ", ".join(file for file, _ in message.locations[:2])


def is_translated(message: Message) -> bool:
    parts = message.string if isinstance(message.string, (list, tuple)) else [message.string]
    return bool(parts) and all(parts)


def complaints(kept: Catalog, fresh: Catalog) -> Iterator[str]:
    """What is wrong with the kept catalogue, seen beside one extracted just now."""
    ours, wanted = strings(kept), strings(fresh)
    for kind, messages in {
        "is not in the catalogue": [message for key, message in wanted.items() if key not in ours],
        "is in the catalogue but no longer in the program": [
            message for key, message in ours.items() if key not in wanted
        ],
        "is not translated": [
            message for key, message in ours.items() if key in wanted and not is_translated(message)
        ],
        "is marked fuzzy: nobody has read its translation": [
            message for key, message in ours.items() if key in wanted and message.fuzzy
        ],
    }.items():
        for message in messages[:SHOWN]:
            found = wanted.get((message.id, message.context), message)
            yield f"{message.id!r} {kind} ({where(found) or 'nowhere'})"
        if len(messages) > SHOWN:
            yield f"... and {len(messages) - SHOWN} more that {kind.replace('is ', 'are ', 1)}"
    for key, message in ours.items():
        if key in wanted and is_translated(message):
            for error in message.check(kept):
                yield f"{message.id!r}: {error} ({where(wanted[key])})"


def main(*, update: bool) -> int:
    found = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        copy_program(folder)
        for domain in domains():
            extract(folder, domain)
            for locale in LOCALES:
                name = catalogue_name(locale, domain)
                fresh = read(folder / name, locale)
                if update and (folder / name).exists():
                    write(fresh, ROOT / name)
                for complaint in complaints(read(ROOT / name, locale), fresh):
                    found += 1
                    print(f"{name}: {complaint}")
    if found and not update:
        print("Run script/messages, translate what it marks, and try again.")
    return 1 if found and not update else 0


if __name__ == "__main__":
    sys.exit(main(update="--update" in sys.argv[1:]))
