#!/usr/bin/env python3
"""Checks a complaint dossier without any network and without anything but Python 3.

    python3 verify.py [HEAD]

Run it in the unpacked folder. It recomputes the hash chain of events.jsonl and the SHA-256 of
every file, and prints "ok" or the first row that is not what was written. HEAD is the hash of the
last event, if you have it from elsewhere: the office or the regulator can read it to you.
"""

import hashlib
import json
import os
import sys

# What the hash of an event covers, in this order.
COLUMNS = (
    "previous_hash",
    "case_id",
    "seq",
    "step_id",
    "verb",
    "actor_id",
    "happened_at",
    "entered_at",
    "data",
)
OURS = ("papers", "received")


class Broken(Exception):
    """The first thing that is not as it was written: in English, in Chinese."""


def digest(event):
    """SHA-256 over the columns, spelled as the program that wrote them spells them."""
    content = [event[name] for name in COLUMNS]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def read_manifest(folder):
    try:
        with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise Broken("manifest.json: cannot be read", "manifest.json：无法读取") from error


def check_events(folder, manifest, head):
    """Walk the chain from the first event to the last; returns the events."""
    try:
        with open(os.path.join(folder, "events.jsonl"), "rb") as file:
            lines = file.read().split(b"\n")
    except OSError as error:
        raise Broken("events.jsonl: is missing", "events.jsonl：缺失") from error
    if lines[-1] == b"":
        lines.pop()
    events, previous = [], ""
    for number, line in enumerate(lines, start=1):
        en, zh = f"events.jsonl, event {number}: ", f"events.jsonl，第 {number} 条记录："
        try:
            event = json.loads(line.decode("utf-8"))
            found = digest(event)
            claimed, before, seq = event["hash"], event["previous_hash"], event["seq"]
        except (ValueError, KeyError, TypeError) as error:
            raise Broken(en + "cannot be read", zh + "无法读取") from error
        if seq != number:
            raise Broken(en + "an event is missing before it", zh + "此前缺少记录")
        if before != previous:
            raise Broken(en + "does not follow the event before it", zh + "与上一条记录不衔接")
        if claimed != found:
            raise Broken(en + "was changed after it was written", zh + "写入后被改动")
        if event["case_id"] != manifest["case_id"]:
            raise Broken(en + "belongs to another case", zh + "属于另一工单")
        previous = claimed
        events.append(event)
    last, due = len(events), manifest["events"]["count"]
    if last != due:
        raise Broken(
            f"events.jsonl: ends at event {last}, not at {due}",
            f"events.jsonl：止于第 {last} 条，应为 {due} 条",
        )
    if previous != manifest["events"]["head"]:
        raise Broken(
            f"events.jsonl, event {last}: is not the last of the list",
            f"events.jsonl，第 {last} 条记录：与清单中的末条不符",
        )
    if head and head != previous:
        raise Broken(
            "events.jsonl: the last hash is not the one you were told",
            "events.jsonl：末条哈希与您得到的不符",
        )
    return events


def sha256_of(path):
    found = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            found.update(piece)
    return found.hexdigest()


def check_files(folder, manifest, events):
    """Every listed file is there and unchanged; returns how many the log itself names."""
    bound = 0
    for entry in manifest["files"]:
        path = entry["path"]
        try:
            found = sha256_of(os.path.join(folder, *path.split("/")))
        except OSError as error:
            raise Broken(path + ": is missing", path + "：缺失") from error
        if found != entry["sha256"]:
            raise Broken(path + ": was changed", path + "：已被改动")
        seq = entry.get("event")
        if seq:
            named = events[seq - 1]["data"] if 0 < seq <= len(events) else {}
            # Of a picture that is shown anew, the log names what was sent as well.
            if found not in (named.get("sha256"), named.get("original")):
                raise Broken(
                    f"{path}: is not the file that event {seq} names",
                    f"{path}：不是第 {seq} 条记录所载的文件",
                )
            bound += 1
    return bound


def check_nothing_added(folder, manifest):
    """No paper and no file lies among ours that is not listed."""
    listed = {entry["path"] for entry in manifest["files"]}
    for place in OURS:
        inside = os.path.join(folder, place)
        for name in sorted(os.listdir(inside)) if os.path.isdir(inside) else ():
            path = f"{place}/{name}"
            if path not in listed and not name.startswith("."):
                raise Broken(f"{path}: is not in the list", f"{path}：不在清单内")


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    head = sys.argv[1].strip().lower() if len(sys.argv) > 1 else ""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    try:
        manifest = read_manifest(folder)
        events = check_events(folder, manifest, head)
        bound = check_files(folder, manifest, events)
        check_nothing_added(folder, manifest)
    except Broken as broken:
        for words in broken.args:
            print("BROKEN: " + words)
        return 1
    except (KeyError, TypeError, AttributeError) as error:
        print(f"BROKEN: manifest.json: lacks {error}")
        return 1
    for entry in manifest.get("missing", ()):
        print("missing when this was made / 制作时已缺失: " + entry["path"])
    count, files = len(events), len(manifest["files"])
    print(
        f"ok: {count} events, {files} files; {bound} files are named in the log by their checksum"
    )
    print(f"完好：{count} 条记录，{files} 个文件；其中 {bound} 个的校验和载于记录")
    print("head / 末条哈希: " + (events[-1]["hash"] if events else "-"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
