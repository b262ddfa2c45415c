#!/usr/bin/env python3
"""What the field costs: bytes to open Today, keeping twelve photos, sending fifty records.

    .venv/bin/python bench/field.py [--records 50]

Starts a demo of its own on an empty SQLite file and a free port. Every time is printed as a ratio
to something measured in the same run: machines differ, ratios hardly.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import http.server
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PHOTOS = 12
CHUNK = 256 * 1024
CHROMIUM = {
    "executable_path": "/usr/bin/chromium",
    "args": ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic"],
}


def picture(size: int = 2048) -> bytes:
    """A photo as a tablet sends it: about 700 KB."""
    out = BytesIO()
    noise = Image.effect_noise((size // 4, size * 3 // 16), 60).convert("RGB")
    noise.resize((size, size * 3 // 4)).save(out, "JPEG", quality=88)
    return out.getvalue()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def serve(folder: str, port: int) -> subprocess.Popen[bytes]:
    """The demo with one web process, whose memory can be watched."""
    environment = {**os.environ, "VAR_DIR": folder, "JIEDIAN_DEMO": "1"}
    for command in (["migrate", "-v0"], ["collectstatic", "--noinput", "-v0"], ["seed_demo"]):
        subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
    gunicorn = [sys.executable, "-m", "gunicorn", "config.wsgi", "-b", f"127.0.0.1:{port}"]
    return subprocess.Popen(
        [*gunicorn, "-w", "1", "--log-level", "error"], cwd=ROOT, env=environment
    )


def resident(pid: int) -> float:
    """Megabytes of the one worker below a server process."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    status = Path(f"/proc/{children[0]}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def wait_for(port: int) -> None:
    for _try in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)


# In the browser -----------------------------------------------------------------------------------


def sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/login/")
    page.fill("[name=username]", "lina")
    page.fill("[name=password]", "jiedian-demo")
    page.press("[name=password]", "Enter")
    page.wait_for_load_state()


def opened(page: Page, url: str) -> int:
    """Bytes that came over the wire until Today has kept all it needs."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    seen = []
    session.on("Network.loadingFinished", lambda event: seen.append(event["encodedDataLength"]))
    page.goto(f"{url}/field/")
    while page.evaluate("document.body.dataset.kept === undefined"):
        page.wait_for_timeout(50)
    page.wait_for_timeout(1500)
    session.detach()
    return int(sum(seen))


def captured(page: Page, url: str, photos: list[bytes]) -> tuple[float, float]:
    """Seconds to take in and keep the photos, and to merely decode and encode them."""
    page.click("[data-open] >> nth=0")
    while page.evaluate("document.documentElement.dataset.ready !== '1'"):
        page.wait_for_timeout(50)
    page.click("[data-attempt]")
    files = [
        {"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": p} for n, p in enumerate(photos)
    ]
    page.evaluate(
        """() => document.getElementById("attempt-many").addEventListener("change", async (e) => {
            window.bare = (async (files) => {
                const began = performance.now();
                for (const file of files) {
                    const image = await createImageBitmap(file);
                    const canvas = new OffscreenCanvas(image.width, image.height);
                    canvas.getContext("2d").drawImage(image, 0, 0);
                    await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 });
                }
                return performance.now() - began;
            });
            window.chosen = [...e.target.files];
        }, { once: true, capture: true })"""
    )
    began = time.perf_counter()
    page.set_input_files("#attempt-many", files)
    kept = page.locator("form:not([hidden]) .fshot canvas:not([hidden])")
    while kept.count() < len(photos):
        page.wait_for_timeout(20)
    spent = time.perf_counter() - began
    bare = page.evaluate("bare(chosen)") / 1000
    return spent, bare


# On the wire --------------------------------------------------------------------------------------


class Putting(http.server.BaseHTTPRequestHandler):
    """The bare cost of the same bytes: write them to disk, answer."""

    protocol_version = "HTTP/1.1"
    folder = ""

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(f"{self.folder}/put-{uuid.uuid4()}", "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


def bare_puts(folder: str, files: list[bytes], times: int) -> float:
    Putting.folder = folder
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Putting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    wire = http.client.HTTPConnection("127.0.0.1", server.server_port)
    began = time.perf_counter()
    for _record in range(times):
        for content in files:
            for start in range(0, len(content), CHUNK):
                wire.request("PUT", "/", content[start : start + CHUNK])
                wire.getresponse().read()
    spent = time.perf_counter() - began
    server.shutdown()
    return spent


class Tablet:
    """The envelope and its files over one connection, as the page sends them."""

    def __init__(self, port: int, cookies: list[dict]) -> None:
        self.wire = http.client.HTTPConnection("127.0.0.1", port)
        self.cookie = "; ".join(f"{c['name']}={c['value']}" for c in cookies)
        self.token = next(c["value"] for c in cookies if c["name"] == "csrftoken")

    def post(self, url: str, body: bytes, **headers: str) -> dict:
        sent = {"Cookie": self.cookie, "X-CSRFToken": self.token, **headers}
        self.wire.request("POST", url, body, sent)
        answer = self.wire.getresponse()
        told = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{url}: {answer.status} {told[:300]!r}")
        return json.loads(told)

    def send(self, user: int, step: int, number: int, photos: list[bytes]) -> str:
        now = datetime.now(UTC)
        fields = {"at": f"{now:%Y-%m-%dT%H:%M}", "outcome": "unsafe", "evidence": f"{number}"}
        fields |= {"photos-TOTAL_FORMS": str(len(photos)), "photos-INITIAL_FORMS": "0"}
        fields |= {f"photos-{n}-subject": "site" for n in range(len(photos))}
        record = {
            "uuid": str(uuid.uuid4()),
            "user": user,
            "step": step,
            "sheet": "attempt",
            "signing": True,
            "edition": 0,
            "fields": [list(pair) for pair in fields.items()],
            "files": [
                {
                    "name": f"photos-{n}-picture",
                    "filename": f"{n}.jpg",
                    "sha256": hashlib.sha256(content).hexdigest(),
                    "size": len(content),
                }
                for n, content in enumerate(photos)
            ],
            "happened": now.isoformat(),
            "sent": now.isoformat(),
        }
        kind = {"Content-Type": "application/json"}
        receipt = self.post("/field/records/new/", json.dumps(record).encode(), **kind)
        for listed, content in zip(record["files"], photos, strict=True):
            for start in range(0, len(content), CHUNK):
                receipt = self.post(
                    f"/field/records/{record['uuid']}/files/{listed['sha256']}/",
                    content[start : start + CHUNK],
                    **{"Upload-Offset": str(start), "Content-Type": "application/octet-stream"},
                )
        return receipt["state"]


def varied(photo: bytes, number: int) -> bytes:
    """The same picture with other bytes: a number where a decoder does not look."""
    return photo[:2] + b"\xff\xe0\x00\x10JFIF\x00" + number.to_bytes(9, "big") + photo[20:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=50)
    chosen = parser.parse_args()
    photo = picture()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        port = free_port()
        server = serve(folder, port)
        try:
            wait_for(port)
            url = f"http://127.0.0.1:{port}"
            browser = playwright.chromium.launch(**CHROMIUM)
            page = browser.new_context(viewport={"width": 712, "height": 1138}).new_page()
            sign_in(page, url)
            first, again = opened(page, url), opened(page, url)
            print(f"Today: {first:,} bytes first, {again:,} again ({again / first:.2f} of it)")
            user = int(page.evaluate("document.body.dataset.user"))
            step = int(page.get_attribute("[data-step]", "data-step") or 0)
            kept, bare = captured(page, url, [picture() for _photo in range(PHOTOS)])
            print(f"{PHOTOS} photos kept: {kept / bare:.1f} times decoding and encoding them")
            cookies = page.context.cookies()
            browser.close()
            tablet = Tablet(port, cookies)
            before = resident(server.pid)
            seen, began = [], time.perf_counter()
            for number in range(chosen.records):
                photos = [varied(photo, 1000 + number * PHOTOS + n) for n in range(PHOTOS)]
                state = tablet.send(user, step, number, photos)
                if state != "applied":
                    raise SystemExit(f"record {number} is {state}")
                seen.append(resident(server.pid))
            spent = time.perf_counter() - began
            put = bare_puts(folder, [photo] * PHOTOS, chosen.records)
            size = chosen.records * PHOTOS * len(photo) / 1e6
            print(f"{chosen.records} records × {PHOTOS} photos ({size:.0f} MB): {spent / put:.1f} "
                  f"times the bare PUT of the same bytes")  # fmt: skip
            half = len(seen) // 2
            most = [f"{max(part):.0f}" for part in (seen[:half], seen[half:])]
            print(f"memory of the web process: {before:.0f} MB before; at most {most[0]} MB in the "
                  f"first half, {most[1]} MB in the second")  # fmt: skip
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
