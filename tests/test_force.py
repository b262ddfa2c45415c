"""In force today: what runs out holds no gate open, is told before, and stays a debt after."""

from contextlib import contextmanager
from datetime import date, timedelta

import pytest
import time_machine
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.roles import Role
from applications import services as applications
from contracts import services as contracts
from contracts.models import Contract
from fees import services as fees
from fees.models import Bill
from metering import guards as metering
from plans import services as plans
from plans.models import Plan
from surveys import services as surveying
from surveys.models import Consent, SourcePoint
from tests import world as house
from tests.applications.factories import sheet
from tests.contracts import factories as signing
from tests.documents.factories import PDF, scan, upload
from tests.factories import person
from tests.fees import factories as money
from tests.metering import factories as meters
from tests.plans import factories as make
from tests.surveys import factories as surveys
from tests.works import factories as works
from workflow import force, moves, process, reminders
from workflow.guards import Refused, unmet
from workflow.models import Alert, Case, Reminder, Subject
from workflow.process import BusinessType, Kind
from works import services as checking
from works.guards import sheet_of
from works.models import Licence

pytestmark = pytest.mark.django_db


def fresh(case: Case) -> Case:
    return Case.objects.select_related("unit", "owner").get(pk=case.pk)


@contextmanager
def on(day: date):
    """That day at noon; what is late by then is late for our own fault."""
    then = timezone.now() + (day - timezone.localdate())
    with time_machine.travel(then, tick=False), moves.because("staff"):
        yield


def days(number: int) -> timedelta:
    return timedelta(days=number)


def refused(act, *args, **options) -> str:
    with pytest.raises(Refused) as refusal:
        act(*args, **options)
    return " ".join(refusal.value.messages)


def against(case: Case, kind: str) -> str:
    """What stands against a gate today."""
    step = fresh(case).step(kind)
    return " ".join(m for no in unmet(process.guards(kind), step) for m in no.messages)


# The table ----------------------------------------------------------------------------------------


def test_every_row_of_the_table_is_asked_at_each_of_its_gates():
    for term in force.table():
        assert term.gates, term.subject
        for kind in term.gates:
            assert process.guards(kind).count(term.guard) == 1, (term.subject, kind)


def test_what_the_issue_names_is_in_the_table():
    assert {term.subject for term in force.table()} == {
        Subject.PLAN,
        Subject.CONSENT,
        Subject.LICENCE,
        Subject.AUTHORITY,
        Subject.DEFERRED,
        Subject.TERM,
    }


# An accepted plan ---------------------------------------------------------------------------------


@pytest.fixture
def plan():
    """Accepted, of a company on two lines: a fee is due, and nothing is billed or signed."""
    return make.accepted_plan(make.dual())


def test_an_accepted_plan_that_ran_out_is_void_and_gives_its_capacity_back(plan):
    points = {p.pk: p.open_kva for p in SourcePoint.objects.all()}
    held = {s.candidate.source_point_id: s.capacity_kva for s in plan.sources.all()}
    with on(timezone.localdate() + days(400)):
        assert plans.expire() == 1
        assert plans.expire() == 0

    case = fresh(plan.case)
    plan.refresh_from_db()
    assert plan.state == "void"
    assert (case.step(Kind.PLAN).round, case.step(Kind.PLAN).state) == (2, "in_hand")
    for pk, kva in held.items():
        assert SourcePoint.objects.get(pk=pk).open_kva == points[pk] + kva
    assert not case.step(Kind.CONTRACT).is_live
    assert case.events.filter(verb="plan_expired").count() == 1


def test_on_its_last_day_and_extended_the_accepted_plan_stays(plan):
    with on(plan.valid_until):
        assert plans.expire() == 0
        plans.extend(plan.step, by=person(Role.SUPERVISOR), reason="施工延期")
    with on(plan.valid_until + days(1)):
        assert plans.expire() == 0

    assert Plan.objects.get().state == "accepted"


def test_an_unpaid_bill_falls_with_the_plan(plan):
    fees.issue(fresh(plan.case).step(Kind.FEES), by=person(Role.BILLER))
    with on(plan.valid_until + days(1)):
        assert plans.expire() == 1

    assert fresh(plan.case).step(Kind.FEES).state == "waiting"


def test_where_money_was_taken_the_gates_hold_and_the_ladder_climbs(plan):
    bill = fees.issue(fresh(plan.case).step(Kind.FEES), by=person(Role.BILLER))
    fees.receive(bill, by=person(Role.CASHIER), method="cash", payer="冯磊")
    with on(plan.valid_until + days(1)):
        assert plans.expire() == 0
        reminders.sweep()
        for kind in (Kind.CONTRACT, Kind.METER):
            assert f"valid until {plan.valid_until}" in against(plan.case, kind), kind

    assert Plan.objects.get().state == "accepted"
    assert Reminder.objects.filter(subject=Subject.PLAN).exists()
    assert Alert.objects.filter(subject=Subject.PLAN).exists()


def test_a_plan_that_the_contract_stands_on_and_the_fee_is_paid_for_holds_for_good():
    step = signing.signed().step
    case = fresh(step.case)
    money.paid(money.billed(case.step(Kind.FEES)))
    Plan.objects.update(valid_until=timezone.localdate() - days(1))

    assert plans.expire() == 0
    assert "valid until" not in against(case, Kind.ACCEPTANCE)


# A deferral ---------------------------------------------------------------------------------------


def deferred(case: Case, until: date, *kinds: str) -> Case:
    moves.ask_fast_lane(case, by=person(Role.CLERK), grounds="AAA")
    boss = person(Role.SUPERVISOR)
    moves.approve_fast_lane(case, by=boss, kinds=kinds or [Kind.FEES], until=until)
    return fresh(case)


def test_a_deferral_until_a_day_opens_nothing_after_it(plan):
    today = timezone.localdate()
    case = deferred(plan.case, today + days(7), Kind.FEES)
    assert case.step(Kind.FEES).satisfies
    assert metering.FEES_SETTLED(case.step(Kind.METER))
    with on(today + days(30)):
        case = fresh(case)
        step = case.step(Kind.METER)
        assert not case.step(Kind.FEES).satisfies
        assert not metering.FEES_SETTLED(step)
        assert f"deferred by the fast lane until {today + days(7)}" in against(case, Kind.METER)


def test_no_interim_agreement_is_signed_on_a_deferral_that_ran_out(plan):
    today = timezone.localdate()
    case = deferred(plan.case, today + days(7), Kind.CONTRACT)
    contract = signing.drawn(case.step(Kind.CONTRACT))
    with on(today + days(8)):
        officer = person(Role.CONTRACT_OFFICER)
        said = refused(
            contracts.sign_interim, contract, by=officer, interim_name="周敏", interim_how="hand"
        )

    assert "fast lane" in said


def test_an_interim_agreement_stands_in_until_its_day_only(plan):
    today = timezone.localdate()
    case = deferred(plan.case, today + days(7), Kind.CONTRACT)
    contracts.sign_interim(
        signing.drawn(case.step(Kind.CONTRACT)),
        by=person(Role.CONTRACT_OFFICER),
        interim_name="周敏",
        interim_how="hand",
        **signing.page(),
    )
    assert metering.CONTRACT_SIGNED(fresh(case).step(Kind.METER))
    with on(today + days(8)):
        assert not metering.CONTRACT_SIGNED(fresh(case).step(Kind.METER))


def test_a_deferral_is_given_for_ninety_days_at_most(client, plan, settings):
    today = timezone.localdate()
    moves.ask_fast_lane(plan.case, by=person(Role.CLERK), grounds="AAA")
    client.force_login(person(Role.SUPERVISOR))
    address = reverse("workflow:fast_lane_approve", args=[plan.case.number])
    typed = {"kinds": [Kind.FEES], "until": "2099-01-01"}

    answer = client.post(address, typed)

    last = today + days(settings.DEFERRAL_DAYS)
    assert f"{last:%Y-%m-%d}" in answer.content.decode()
    assert answer.context["form"].errors["until"]
    assert fresh(plan.case).fast_lane == "asked"
    assert client.post(address, typed | {"until": f"{last:%Y-%m-%d}"}).status_code == 302


def test_no_deferral_outlasts_the_interim_agreement_that_was_signed_on_it(plan):
    today, boss = timezone.localdate(), person(Role.SUPERVISOR)
    case = deferred(plan.case, today + days(7), Kind.CONTRACT)
    contract = contracts.sign_interim(
        signing.drawn(case.step(Kind.CONTRACT)),
        by=person(Role.CONTRACT_OFFICER),
        interim_name="周敏",
        interim_how="hand",
        **signing.page(),
    )
    assert contract.interim_until == today + days(7)
    moves.revoke_fast_lane(fresh(case), by=boss, reason="撤销")

    assert f"until {today + days(7)}" in refused(
        deferred, fresh(case), today + days(8), Kind.CONTRACT
    )
    with on(today + days(8)):
        assert not Contract.objects.get().binds


# A consent ----------------------------------------------------------------------------------------


def consented(until: date | None = None) -> Plan:
    """Accepted on a point to which the neighbour consents."""
    case = make.taken(sheet())
    surveys.answered(surveys.asked(surveys.candidate(case)), "yes", expires_on=until)
    surveys.signed_survey(fresh(case))
    return make.accepted_plan(fresh(case))


def withdrawn(consent: Consent, **options):
    return surveying.withdraw_consent(
        consent,
        **{"by": surveys.surveyor(), "on": timezone.localdate(), "words": "收回", "paper": scan()}
        | options,
    )


def test_a_withdrawn_consent_stops_money_and_contract_at_once():
    plan = consented()
    withdrawn(Consent.objects.get())

    for kind in (Kind.FEES, Kind.CONTRACT, Kind.METER):
        step = fresh(plan.case).step(kind)
        if step:
            assert "张建国" in against(plan.case, kind), kind
    assert "was withdrawn" in against(plan.case, Kind.CONTRACT)


def test_a_withdrawn_consent_goes_the_way_of_one_that_ended():
    plan = consented()
    withdrawn(Consent.objects.get(), words="邻居反悔")

    assert plans.end_consents() == 1
    assert plans.end_consents() == 0

    case = fresh(plan.case)
    assert case.step(Kind.SURVEY).round == 2
    assert Plan.objects.get().state == "void"
    assert case.events.filter(verb="consent_withdrawn").count() == 1
    assert case.papers.filter(kind="refusal").exists()


def test_who_withdraws_a_consent_says_why_and_shows_the_paper():
    consented()
    consent = Consent.objects.get()

    assert "what was said" in refused(withdrawn, consent, words=" ")
    with pytest.raises(ValidationError, match="the paper that shows it"):
        withdrawn(consent, paper=None)
    consent = Consent.objects.get()
    assert "future" in refused(withdrawn, consent, on=timezone.localdate() + days(1))
    assert "work of" in refused(withdrawn, consent, by=make.clerk())
    assert Consent.objects.count() == 1


def test_with_power_on_no_consent_is_withdrawn_any_more():
    plan = consented()
    Case.objects.filter(pk=plan.case.pk).update(state="energized")

    assert "power is on" in refused(withdrawn, Consent.objects.get())


def test_the_surveyor_records_a_withdrawal_on_its_page():
    plan, consent = consented(), Consent.objects.get()
    client = Client()
    client.force_login(surveys.surveyor())
    page = client.get(reverse("surveys:answer", args=[plan.case.number, consent.pk]))
    address = reverse("surveys:withdraw", args=[plan.case.number, consent.pk])
    assert address in page.content.decode()
    for name in ("on", "words", "paper"):
        assert f'name="{name}"' in client.get(address).content.decode()
    typed = {"on": f"{timezone.localdate():%Y-%m-%d}", "words": "邻居反悔"}

    assert client.post(address, typed).context["form"].errors["paper"]
    assert client.post(address, typed | {"paper": upload(PDF, "收回.pdf")}).status_code == 302

    assert Consent.objects.latest("pk").answer == "withdrawn"
    page = client.get(
        reverse("surveys:answer", args=[plan.case.number, Consent.objects.latest("pk").pk])
    )
    assert "Withdrawn" in page.content.decode()


# A temporary supply -------------------------------------------------------------------------------


@pytest.fixture
def temporary():
    """The contract of a temporary supply, drawn; it ends in thirty days."""
    case = money.hv_case(business_type=BusinessType.TEMPORARY)
    end = timezone.localdate() + days(30)
    return signing.drawn(signing.ready(case), kind="temporary", term_to=end)


def test_a_contract_past_the_temporary_supplys_end_is_signed_by_nobody(temporary):
    Plan.objects.update(valid_until=timezone.localdate() + days(2000))
    with on(temporary.term_to):
        assert "temporary" not in against(temporary.step.case, Kind.CONTRACT)
    with on(temporary.term_to + days(900)):
        officer = person(Role.CONTRACT_OFFICER)
        said = f"ended on {temporary.term_to}"
        assert said in refused(contracts.sign_utility, temporary, by=officer)
        assert said in refused(signing.by_customer, temporary)
        assert said in against(temporary.step.case, Kind.CONTRACT)
        contracts.revise(temporary, by=officer, reason="另定期限")
        late = {"kind": "temporary", "term_from": temporary.term_from, "term_to": temporary.term_to}
        assert "has passed" in refused(
            contracts.draw, fresh(temporary.step.case).step(Kind.CONTRACT), by=officer, **late
        )

    assert Contract.objects.get().state == "returned"


def test_no_power_comes_on_after_the_signed_contract_ended(temporary):
    signing.signed(temporary)
    with on(temporary.term_to + days(1)):
        assert f"ended on {temporary.term_to}" in against(temporary.step.case, Kind.METER)


# A licence ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Kind.MID_CHECK, Kind.ACCEPTANCE])
@pytest.mark.parametrize("change", [{"days": 1}, {"status": "revoked"}])
def test_a_permit_that_no_longer_stands_says_since_when_and_who_must_act(kind, change):
    case = works.case_at(Kind.CONTRACTOR, importance="none")
    works.qualified(case, Kind.CONTRACTOR)
    case = works.walk(works.case_of(case), kind)
    step = works.check_ready(case, kind)
    yesterday = timezone.localdate() - days(1)
    changed = {"valid_to": yesterday} if "days" in change else change
    Licence.objects.update(**changed)

    said = refused(checking.decide, sheet_of(step), by=works.worker(kind))

    assert "江城电力安装有限公司" in said
    assert (f"expired on {yesterday}" if "days" in change else "Revoked") in said
    assert "qualification" in said


def test_a_designers_certificate_is_asked_again_at_the_drawings():
    case = works.case_at(Kind.DESIGNER)
    works.qualified(case, Kind.DESIGNER)
    step = works.drawings_ready(works.case_of(case))
    yesterday = timezone.localdate() - days(1)
    Licence.objects.update(valid_to=yesterday)

    said = refused(checking.decide, sheet_of(step), by=works.worker(Kind.DRAWINGS))

    assert "江城电力设计院" in said
    assert f"expired on {yesterday}" in said


# An authority -------------------------------------------------------------------------------------


def by_agent(until: date) -> dict:
    """What the sheet says of an agent with an authority until the day."""
    return {
        "agent_name": "李代理",
        "agent_id_number": "320104199003070423",
        "agent_authority": "letter",
        "agent_authority_until": until,
    }


def test_the_agent_accepts_no_plan_after_the_authority():
    today = timezone.localdate()
    plan = make.answered(make.household(**by_agent(today)))
    with on(today + days(1)):
        signed = {"signed_name": "李代理", "how": "signature"}
        said = refused(plans.accept, plan.step, by=make.clerk(), **signed)

    assert "李代理 may not sign" in said


def test_the_agent_signs_for_no_meter_after_the_authority():
    today = timezone.localdate()
    case = meters.case_at(**by_agent(today))
    order = meters.order(case, meters.meter())
    order.customer_signed_name = "李代理"
    order.save()
    assert "李代理" not in against(case, Kind.METER)

    order.customer_signed_at += days(1)
    order.save()

    assert f"The authority of 李代理 ended on {today}" in against(case, Kind.METER)


# Told before, a debt after ------------------------------------------------------------------------


def due(subject: str) -> list[date]:
    return list(Alert.objects.filter(subject=subject).values_list("due_on", flat=True))


def test_before_a_deferral_ends_its_ladder_stands_and_climbs_until_it_is_done(plan):
    today = timezone.localdate()
    case = deferred(plan.case, today + days(60), Kind.FEES)
    force.watch()
    assert due(Subject.DEFERRED) == []

    with on(today + days(58)):
        force.watch()
        reminders.sweep()
        [first] = due(Subject.DEFERRED)
        assert first < today + days(60)
    with on(today + days(80)):
        force.watch()
        reminders.sweep()
        assert due(Subject.DEFERRED) == [first]
        assert Reminder.objects.filter(subject=Subject.DEFERRED).count() == 2
    moves.revoke_fast_lane(fresh(case), by=person(Role.SUPERVISOR), reason="撤销")
    force.watch()
    assert due(Subject.DEFERRED) == []


def test_a_permit_that_ends_is_told_to_whose_check_rests_on_it():
    case = works.case_at(Kind.CONTRACTOR, importance="none")
    works.qualified(case, Kind.CONTRACTOR)
    force.watch()
    assert due(Subject.LICENCE) == []

    Licence.objects.update(valid_to=timezone.localdate() + days(3))
    force.watch()
    assert len(due(Subject.LICENCE)) == 1
    Licence.objects.update(status="revoked", valid_to=timezone.localdate() + days(300))
    force.watch()
    assert due(Subject.LICENCE) == [min(due(Subject.LICENCE))]
    Licence.objects.update(status="valid")
    force.watch()
    assert due(Subject.LICENCE) == []


def test_an_authority_that_ends_is_told_while_the_contract_is_open():
    today = timezone.localdate()
    case = make.household(**by_agent(today + days(2)))
    force.watch()
    assert len(due(Subject.AUTHORITY)) == 1
    clerk = person(Role.CLERK)
    renewed = {"authority": "notarised", "until": today + days(200), "file": scan()}
    applications.renew_authority(case, by=clerk, **renewed)
    force.watch()
    assert due(Subject.AUTHORITY) == []


def test_the_end_of_a_temporary_supply_is_told_while_its_contract_is_unsigned(temporary):
    force.watch()
    assert due(Subject.TERM) == []
    with on(temporary.term_to - days(2)):
        force.watch()
        assert len(due(Subject.TERM)) == 1
        signing.signed(temporary)
        force.watch()
        assert len(due(Subject.TERM)) == 1, "power is not on"


# Whatever the order -------------------------------------------------------------------------------


class Days:
    """A plan on a consent, and what may happen to both from one day to another."""

    def __init__(self, clock):
        self.clock = clock
        plan = make.accepted_plan(make.dual())
        self.case_id = plan.case.pk
        today = timezone.localdate()
        Consent.objects.create(
            candidate=plan.sources.first().candidate,
            party_kind="village",
            party="南庄村委会",
            subject="架空线过境",
            asked_on=today,
            asked_how="letter",
            answer="yes",
            answered_on=today,
            expires_on=today + days(500),
        )

    @property
    def case(self) -> Case:
        return Case.objects.select_related("unit", "owner").get(pk=self.case_id)

    def step(self, kind: str):
        return self.case.step(kind)

    def last_word(self) -> Consent:
        return Consent.objects.of(self.case).select_related("candidate__survey__step").last()

    def later(self):
        self.clock.shift(days(190))

    def extend(self):
        plans.extend(self.step(Kind.PLAN), by=person(Role.SUPERVISOR), reason="施工延期")

    def expire(self):
        plans.expire()

    def end(self):
        plans.end_consents()

    def withdraw(self):
        withdrawn(self.last_word())

    def renew(self):
        until = timezone.localdate() + days(150)
        surveying.renew_consent(
            self.last_word(), by=surveys.surveyor(), words="续签", expires_on=until
        )

    def bill(self):
        fees.issue(self.step(Kind.FEES), by=person(Role.BILLER))

    def pay(self):
        bill = Bill.objects.filter(step__case=self.case_id).latest("pk")
        fees.receive(bill, by=person(Role.CASHIER), method="cash", payer="冯磊")

    def draw(self):
        contracts.draw(
            self.step(Kind.CONTRACT),
            by=person(Role.CONTRACT_OFFICER),
            kind="hv",
            term_from=timezone.localdate(),
        )

    def sign(self):
        contract = Contract.objects.filter(step__case=self.case_id).latest("pk")
        contracts.sign_utility(contract, by=person(Role.CONTRACT_OFFICER))

    def in_force(self) -> bool:
        """What the rows themselves say of this day."""
        today = timezone.localdate()
        plan, word = Plan.latest(self.case), self.last_word()
        stands = word.answer == "yes" and not (word.expires_on and word.expires_on < today)
        return plan.state == "accepted" and plan.valid_until >= today and stands


QUICK, EVERY = (Phase.explicit, Phase.generate), list(HealthCheck)
GATES = ("bill", "pay", "draw", "sign")
TURNS = ("later", "later", "later", "extend", "expire", "end", "withdraw", "renew")


def test_whatever_the_order_no_gate_is_passed_with_anything_run_out():
    @settings(max_examples=25, deadline=None, phases=QUICK, suppress_health_check=EVERY)
    @given(st.lists(st.sampled_from(TURNS + GATES), min_size=4, max_size=12))
    def hold(acts):
        start = timezone.now()
        with (
            house.undone(),
            time_machine.travel(start, tick=False) as clock,
            moves.because("staff"),
        ):
            world = Days(clock)
            for act in acts:
                before = world.in_force()
                try:
                    with transaction.atomic():
                        getattr(world, act)()
                except (Refused, ObjectDoesNotExist):
                    continue
                assert before or act not in GATES, acts

    hold()
