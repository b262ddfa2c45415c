"""Runs the demo: prepares the data, then keeps web server, worker and scheduler alive.

Called by script/server. All three are children of this process: it shows what they say behind
their names, starts one again that dies, gives up when one keeps dying, and takes all of them along
when it ends, however it ends.
"""

import argparse
import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("VAR_DIR", ROOT / "var"))
BIN = Path(sys.executable).parent
HOST = "127.0.0.1"

PORTS_TO_TRY = 50
READY_WITHIN = 60  # seconds
STOP_WITHIN = 8  # seconds, then by force
TOO_OFTEN = (3, 60)  # deaths, in seconds

# What would lead the demo to somebody's real data.
FOREIGN = ("DATABASE_URL", "REDIS_URL", "MEDIA_ROOT", "STATIC_ROOT", "JIEDIAN_TEST", "EMAIL_HOST")

# The fonts are for papers, never sent to a browser; compressing them takes half a minute.
COLLECT = ("--no-input", "--verbosity", "0", "--ignore", "fonts")

PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


class Stop(Exception):
    """A sentence for the person who started us, and the exit code."""

    def __init__(self, sentence: str = "", code: int = 1):
        super().__init__(sentence)
        self.code = code


def say(sentence: str = ""):
    print(sentence, flush=True)


# --- Preparing -----------------------------------------------------------------------------------


def take_the_folder():
    """Hold var/ for this process: a second demo on the same files would run every task twice."""
    VAR.mkdir(parents=True, exist_ok=True)
    lock = (VAR / "server.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        raise Stop(f"script/server is already running here: {lock.read().strip()}.") from None
    return lock


def note_in(lock, text: str):
    lock.seek(0)
    lock.truncate()
    lock.write(text)
    lock.flush()


def free_port(wanted: int) -> int:
    """The wanted port, or the next one nobody listens on."""
    for port in range(wanted, min(wanted + PORTS_TO_TRY, 65536)):
        try:
            with socket.create_server((HOST, port)):
                pass
        except PermissionError:
            raise Stop(f"Port {port} is not allowed to this user; choose one above 1023.") from None
        except OSError:
            continue
        if port != wanted:
            say(f"Port {wanted} is taken by another program; serving on {port} instead.")
        return port
    raise Stop(f"No free port from {wanted} on; name another one with --port.")


def environment(port: int) -> dict[str, str]:
    """What the programs of the demo are told."""
    variables = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    variables |= {
        "JIEDIAN_DEMO": "1",
        "PYTHONUNBUFFERED": "1",
        "C_FORCE_ROOT": "1",
        # A demo on a throw-away machine runs as root; Celery's long warning helps nobody there.
        "PYTHONWARNINGS": "ignore::UserWarning:celery.platforms",
    }
    variables.setdefault("BASE_URL", f"http://{HOST}:{port}")
    fonts = ROOT / "static" / "fonts" / "fonts.conf"
    if fonts.exists():
        variables.setdefault("FONTCONFIG_FILE", str(fonts))
    return variables


def manage(variables, *arguments, capture=False) -> str:
    """Run a management command; its failure is ours."""
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", *arguments],
        env=variables,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if capture else None,
        text=True,
    )
    if done.returncode:
        raise Stop(f"`manage.py {' '.join(arguments)}` failed; what it says is above.")
    return done.stdout or ""


def remove_data():
    """Forget the demo: database, files, waiting tasks. The secret key stays."""
    for name in ("demo.sqlite3", "demo.sqlite3-wal", "demo.sqlite3-shm", "beat-schedule"):
        (VAR / name).unlink(missing_ok=True)
    for name in ("queue", "media"):
        shutil.rmtree(VAR / name, ignore_errors=True)


def static_is_collected() -> bool:
    """Whether nothing that is served changed since the last collectstatic."""
    manifest = VAR / "static" / "staticfiles.json"
    if not manifest.exists():
        return False
    collected = manifest.stat().st_mtime
    sources = [ROOT / "requirements.txt", ROOT / "config" / "settings.py"]
    for folder in (ROOT / "static", *ROOT.glob("*/static")):
        sources += [folder, *folder.rglob("*")]
    return all(path.stat().st_mtime < collected for path in sources if VAR not in path.parents)


def prepare(variables, *, seed: bool):
    """Bring database and static files to what this version of the program expects."""
    say("Preparing the database ...")
    manage(variables, "migrate", "--no-input", "--verbosity", "0")
    if not static_is_collected():
        say("Collecting static files ...")
        manage(variables, "collectstatic", *COLLECT)
    if seed:
        manage(variables, "seed_demo")


# --- Running -------------------------------------------------------------------------------------


class Child:
    """One of the programs that make the demo, started again when it dies."""

    def __init__(self, name: str, command: list, variables: dict):
        self.name = name
        self.command = command
        self.variables = variables
        self.deaths = deque(maxlen=TOO_OFTEN[0])
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.command,
            env=self.variables,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Ctrl-C in the terminal reaches us alone, and we stop the children in order ...
            start_new_session=True,
            # ... and when we are killed without a word, Linux stops them.
            preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
        )
        threading.Thread(target=self.relay, args=(self.process.stdout,), daemon=True).start()

    def relay(self, output):
        for line in output:
            text = line.decode(errors="replace").rstrip()
            if text:
                say(f"{self.name:6} | {text}")

    def restart_if_dead(self):
        code = self.process.poll()
        if code is None:
            return
        self.signal(signal.SIGKILL)  # what it left behind
        now = time.monotonic()
        self.deaths.append(now)
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        if len(self.deaths) == TOO_OFTEN[0] and now - self.deaths[0] < TOO_OFTEN[1]:
            raise Stop(f"The {self.name} keeps dying ({how}); stopping everything.")
        say(f"The {self.name} died ({how}); starting it again.")
        time.sleep(1)
        self.start()

    def signal(self, number):
        """Tell the program and all its processes."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


def programs(port: int, variables: dict) -> dict[str, list]:
    celery = [BIN / "celery", "--app", "config", "--quiet"]
    return {
        "web": [
            *(BIN / "gunicorn", "config.wsgi", "--bind", f"{HOST}:{port}"),
            *("--worker-class", "gthread", "--workers", "2", "--threads", "8"),
            *("--graceful-timeout", "3", "--log-level", "warning", "--no-control-socket"),
        ],
        "worker": [
            *(*celery, "worker", "--pool", "solo", "--loglevel", "warning"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ],
        "beat": [
            *(*celery, "beat", "--loglevel", "warning"),
            *("--schedule", VAR / "beat-schedule", "--pidfile", ""),
        ],
    }


def wait_until_ready(address: str, children: list[Child]):
    """Return when the web server answers; children that die meanwhile get their chances."""
    give_up = time.monotonic() + READY_WITHIN
    while time.monotonic() < give_up:
        for child in children:
            child.restart_if_dead()
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5):  # noqa: S310 our own address
                return
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise Stop(f"{address}/healthz answers {error.code}.") from None
        except OSError:
            pass
        time.sleep(0.1)
    raise Stop(f"{address}/healthz did not answer within {READY_WITHIN} seconds.")


def stop_all(children: list[Child]):
    """Ask all to finish, wait a little, then insist. Nothing of them stays."""
    for child in children:
        child.signal(signal.SIGTERM)
    give_up = time.monotonic() + STOP_WITHIN
    for child in children:
        try:
            child.process.wait(timeout=max(0, give_up - time.monotonic()))
        except subprocess.TimeoutExpired:
            say(f"The {child.name} did not stop by itself; ended by force.")
        child.signal(signal.SIGKILL)
        child.process.wait()


def asked_to_stop(number, frame):
    raise Stop(code=0)


def serve(options):
    lock = take_the_folder()
    port = free_port(options.port)
    address = f"http://{HOST}:{port}"
    note_in(lock, f"process {os.getpid()}, {address}")
    variables = environment(port)

    if options.fresh:
        say("Removing the old demo ...")
        remove_data()
    prepare(variables, seed=options.seed)
    logins = manage(variables, "demo_logins", capture=True) if options.seed else ""

    children = []
    try:
        for name, command in programs(port, variables).items():
            children.append(Child(name, command, variables))
        wait_until_ready(address, children)
        say()
        say(f"Jiedian is ready: {address}")
        if logins:
            say()
            say(logins.rstrip())
        say()
        say("Ctrl-C stops it.")
        while True:
            time.sleep(0.5)
            for child in children:
                child.restart_if_dead()
    finally:
        # From here on a second Ctrl-C must not leave anything behind.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        say("Stopping ...")
        stop_all(children)


def main() -> int:
    parser = argparse.ArgumentParser(prog="script/server")
    parser.add_argument("--port", type=int, default=os.environ.get("PORT") or 8000)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--no-seed", dest="seed", action="store_false")
    options = parser.parse_args()
    if not 0 < options.port < 65536:
        parser.error("the port is a number from 1 to 65535")

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, asked_to_stop)
    try:
        serve(options)
    except Stop as stop:
        if str(stop):
            print(f"script/server: {stop}", file=sys.stderr, flush=True)
        return stop.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
