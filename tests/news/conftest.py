"""The mail server, the SMS gateway, and an office that tells its customers everything at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.news.servers import (
    Gateway,
    GatewayHandler,
    GatewayServer,
    Mailbox,
    MailHandler,
    MailServer,
    serve,
)


@pytest.fixture(autouse=True)
def by_day(settings):
    """Whatever the clock says while the tests run."""
    settings.QUIET_HOURS = None


@pytest.fixture
def mailbox(settings) -> Iterator[Mailbox]:
    script = Mailbox()
    with MailServer(("127.0.0.1", 0), MailHandler) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", serve(server, script)
        settings.EMAIL_TIMEOUT = 0.3
        yield script
        script.let_go.set()
        server.shutdown()


@pytest.fixture
def gateway(settings) -> Iterator[Gateway]:
    script = Gateway()
    with GatewayServer(("127.0.0.1", 0), GatewayHandler) as server:
        settings.SMS_URL = f"http://127.0.0.1:{serve(server, script)}/send"
        settings.SMS_TOKEN, settings.SMS_TIMEOUT = "secret", 0.3
        yield script
        script.let_go.set()
        server.shutdown()
