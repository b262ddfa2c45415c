"""A mail server and an SMS gateway of our own, which can be as bad as the real ones.

Each does what its `does` says at the next turn: a word of the scripts below, `ok` when nothing is
left. What was accepted for delivery is in `taken`; a server that dies after accepting has taken it.
"""

from __future__ import annotations

import json
import re
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from typing import Any


class Script:
    """What a server does turn by turn, what it took, and who waits for it to get somewhere."""

    def __init__(self) -> None:
        self.does: list[str] = []
        self.taken: list[Any] = []
        self.seen: list[str] = []
        self.reached: SimpleQueue[str] = SimpleQueue()
        self.let_go = threading.Event()
        self.lock = threading.Lock()

    def next(self) -> str:
        with self.lock:
            return self.does.pop(0) if self.does else "ok"

    def hang(self, where: str) -> None:
        """Answer nothing until the test ends, or lets go."""
        self.reached.put(where)
        self.let_go.wait(60)


class Mailbox(Script):
    """The mail server. Words: ok, hang_hello, no_recipient, busy, refuse_letter, busy_letter,
    die_at_data, die_before_dot, hang_dot, die_after_dot, twice, hang_quit.
    """


class MailHandler(socketserver.StreamRequestHandler):
    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        box: Mailbox = self.server.script
        word = box.next()
        if word == "hang_hello":
            return box.hang("hello")
        self.say("220 mail.test")
        while line := self.rfile.readline().decode().strip():
            command = line.upper().split(" ")[0]
            box.seen.append(line)
            if command == "DATA":
                if not self.letter(box, word):
                    return None
            elif command == "QUIT":
                if word == "hang_quit":
                    return box.hang("quit")
                return self.say("221 bye")
            elif command == "RCPT" and word in ("no_recipient", "busy"):
                self.say("550 no such user" if word == "no_recipient" else "451 try later")
            else:
                self.say("250 ok")
        return None

    def letter(self, box: Mailbox, word: str) -> bool:
        """Take a letter; whether the talk goes on afterwards."""
        if word == "die_at_data":
            return False
        self.say("354 go on")
        lines: list[bytes] = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line)
            if word == "die_before_dot":
                self.request.close()
                return False
        if word == "refuse_letter":
            self.say("554 we do not like it")
            return True
        if word == "busy_letter":
            self.say("452 disk full")
            return True
        box.taken.append(b"".join(lines).decode())
        if word == "hang_dot":
            box.hang("dot")
            return False
        if word == "die_after_dot":
            return False
        self.say("250 taken")
        if word == "twice":
            self.say("250 taken")
        return True


class Gateway(Script):
    """The SMS gateway. Words: ok, hang, hang_after, die, die_after, garbage, twice, or a status.

    As documented, it delivers each key once, however often it is asked.
    """

    def take(self, key: str, body: dict) -> None:
        with self.lock:
            if key not in [known for known, _body in self.taken]:
                self.taken.append((key, body))


class GatewayHandler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        gateway: Gateway = self.server.script
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = self.headers["Idempotency-Key"]
        gateway.seen.append(f"{self.headers['Authorization']} {key}")
        assert body["id"] == key
        word = gateway.next()
        if re.fullmatch(r"\d{3}", word):
            return self.answer(int(word))
        if word in ("ok", "twice", "hang_after", "die_after", "garbage"):
            gateway.take(key, body)
        if word.startswith("hang"):
            return gateway.hang(word)
        if word == "garbage":
            self.wfile.write(b"what?\r\n\r\n")
        elif word in ("ok", "twice"):
            for _n in range(1 + (word == "twice")):
                self.answer(202)
        return None

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: Any) -> None:
        pass


class MailServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


class GatewayServer(ThreadingHTTPServer):
    daemon_threads = True


def serve(server: Any, script: Script) -> int:
    """Run a server in the background; returns its port."""
    server.script = script
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server.server_address[1]
