"""What script/, the locks and docker-compose.yml promise to whoever sets Jiedian up."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ["requirements.txt", "requirements-dev.txt", "script/uv.txt"]


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_a_version_and_hashes(name):
    text = (ROOT / name).read_text()
    entries = re.split(r"^(?=\S)", re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE), flags=re.M)

    for entry in filter(str.strip, entries):
        assert re.match(r"[a-z0-9.-]+==\S+", entry)
        assert "--hash=sha256:" in entry


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_host(name):
    assert "://" not in (ROOT / name).read_text()


def test_what_is_tested_is_what_runs():
    def pins(name):
        return set(re.findall(r"^[a-z0-9.-]+==\S+", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("requirements.txt") <= pins("requirements-dev.txt")


def test_set_up_refuses_a_word_it_does_not_know():
    done = subprocess.run([ROOT / "script/setup", "tests"], capture_output=True, text=True)

    assert done.returncode == 2
    assert done.stderr == "script/setup: 'tests' is neither 'run' nor 'test'.\n"


def test_set_up_says_nothing_when_nothing_is_to_be_done():
    subprocess.run([ROOT / "script/setup", "test"], check=True, capture_output=True)
    again = subprocess.run([ROOT / "script/setup", "test"], capture_output=True, text=True)

    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_the_example_environment_has_every_variable_compose_insists_on():
    wanted = set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text()))
    given = set(re.findall(r"^(\w+)=.", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert {"SECRET_KEY", "POSTGRES_PASSWORD"} <= wanted <= given


def test_the_example_secret_does_not_start_production(tmp_path):
    secret = re.search(r"^SECRET_KEY=(.*)$", (ROOT / ".env.example").read_text(), re.M).group(1)
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"SECRET_KEY": secret, "ALLOWED_HOSTS": "jiedian.example", "VAR_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )

    assert done.returncode != 0
    assert "SECRET_KEY is missing or unsafe" in done.stderr


def test_the_demo_takes_the_next_port_when_one_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-c", f"import serve; print(serve.free_port({port}))"],
            cwd=ROOT / "script",
            capture_output=True,
            text=True,
            check=True,
        )

    sentence, chosen = done.stdout.splitlines()
    assert f"Port {port} is taken" in sentence
    assert port < int(chosen) <= port + 50
