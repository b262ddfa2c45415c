"""A case at its survey, the surveyor who has it, her tablet, and her supervisor."""

from __future__ import annotations

import pytest

from accounts.roles import Role
from tests import factories
from tests.field import factories as tablet
from tests.surveys import factories as surveys


@pytest.fixture
def case():
    return surveys.at_survey()


@pytest.fixture
def lina(case):
    return tablet.surveyor_of(case)


@pytest.fixture
def site(case, lina):
    return tablet.step_of(case)


@pytest.fixture
def mine(client, lina):
    client.force_login(lina)
    return client


@pytest.fixture
def boss(case):
    return factories.person(Role.SUPERVISOR)


@pytest.fixture(autouse=True)
def own_storage(settings, tmp_path):
    """Files named by their content, which no other test writes or deletes at the same moment."""
    settings.MEDIA_ROOT = tmp_path
