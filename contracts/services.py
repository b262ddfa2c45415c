"""The only writer of this room: drawing, signing, the interim agreement of the fast lane."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from applications.force import authority_lapsed
from applications.models import Application
from applications.signers import against_signer, same_name, signers_of
from contracts import content
from contracts.force import TERM_RUNS
from contracts.guards import PLAN_ACCEPTED, SAYS_ALL, SAYS_WHAT_IS_RIGHT, plan_of
from contracts.models import Clause, Contract, digest
from documents import services as papers
from documents.files import Checked
from documents.models import Attachment
from plans import services as plans
from plans.force import CONSENTS_STAND, PLAN_VALID
from workflow import moves, words
from workflow.force import past
from workflow.guards import Refused, demand, unmet
from workflow.models import Case, Step
from workflow.moves.unit_of_work import act
from workflow.verbs import verb

DRAWN = verb("contract_drawn", gettext_lazy("Contract drawn"), told=True)
REVISED = verb("contract_revised", gettext_lazy("Contract taken back to be drawn anew"))
CUSTOMER_SIGNED = verb("contract_customer_signed", gettext_lazy("Contract signed by the customer"))
UTILITY_SIGNED = verb("contract_utility_signed", gettext_lazy("Contract signed by the utility"))
SIGNED = verb("contract_signed", gettext_lazy("Contract signed by both"))
# What is asked of whoever signs, on the day of signing.
BEFORE_SIGNING = (SAYS_WHAT_IS_RIGHT, SAYS_ALL, TERM_RUNS, PLAN_VALID, CONSENTS_STAND)
CHANGED = gettext_lazy("The words of the contract were changed: draw it again.")
# What is said where nothing shows the customer's signature, by what would show it.
NOT_SHOWN = {
    "evidence": gettext_lazy("Attach a scan or photo of what the customer signed."),
    "signed_reference": gettext_lazy("Write down the serial number of the signature."),
}
INTERIM_SIGNED = verb("interim_signed", gettext_lazy("Interim agreement signed"))


def _locked(step: Step) -> Step:
    """The step as it is now, its case locked until the transaction ends."""
    case = Case.objects.select_for_update(of=("self",)).get(pk=step.case_id)
    return next(found for found in case.all_steps if found.pk == step.pk)


def _locked_contract(contract: Contract, by: User) -> Contract:
    """The drawn contract of a live step that this person works on."""
    step = _locked(contract.step)
    moves.demand_worker(step, by)
    found = Contract.objects.select_related("plan", "terms").get(pk=contract.pk)
    found.step = step
    if found.state != Contract.State.DRAWN or not step.is_live:
        raise Refused(
            _("The contract is %(state)s.") % {"state": found.get_state_display().lower()}
        )
    return found


# Drawing ----------------------------------------------------------------------------------------


@act
def draw(
    step: Step,
    *,
    by: User,
    kind: str,
    term_from: date,
    term_to: date | None = None,
    settlement: str = Contract.Settlement.MONTHLY,
    remarks: str = "",
    **typed: Any,
) -> Contract:
    """Draw the contract from the accepted plan, freeze its words, hand it over to be signed.

    Where the flow has no plan, `typed` is what `content.asked` asks for. Drawing again before it
    is signed makes the next version. Raises Refused without an accepted plan, or with a blank.
    """
    step = _locked(step)
    moves.demand_worker(step, by)
    if step.state != Step.State.IN_HAND:
        raise Refused(
            _("%(step)s is %(state)s: no contract can be drawn now.")
            % {"step": step.get_kind_display(), "state": step.get_state_display()}
        )
    if wrong := [*against_drawing(step, kind, typed), *against_term(term_to)]:
        raise Refused(wrong)
    plan = plan_of(step)
    terms: Any = content.current_terms(kind)
    contract = _round(step)
    contract.plan, contract.kind, contract.terms = plan, kind, terms
    for name, value in content.from_case(step.case, plan, typed).items():
        setattr(contract, name, value)
    contract.term_from, contract.term_to = term_from, term_to
    contract.settlement, contract.remarks = settlement, remarks
    contract.breach = _breach(contract)
    contract.drawn_at, contract.drawn_by = timezone.now(), by
    contract.content = content.canonical(contract)
    contract.content_hash = digest(contract.content)
    contract.full_clean(exclude=["step", "state"], validate_unique=False)
    contract.save()
    moves.record(
        step.case,
        DRAWN,
        by=by,
        step=step,
        note=f"{contract.number} v{contract.version}",
        contract=contract.number,
        version=contract.version,
        sha256=contract.content_hash,
    )
    papers.issue(step.case, "contract", by=by, step=step, contract=contract.pk)
    contract.step = moves.hand_over(step, by=by, note=lambda: _("The contract is to be signed."))
    return contract


def against_drawing(step: Step, kind: str, typed: Mapping[str, Any]) -> list[Refused]:
    """Why no contract can be drawn: of this kind, if one is chosen, of what is said, and at all."""
    wrong = []
    if kind and kind not in content.kinds_for(step.case):
        wrong.append(_("This kind of contract does not fit the case."))
    elif kind and content.current_terms(kind) is None:
        wrong.append(_("There are no standard terms for this kind of contract."))
    blanks = []
    if not content.needs_plan(step.case):
        said = content.from_case(step.case, None, typed)
        blanks = content.blanks(step.case, said)
        if typed.get("metering"):
            blanks += content.unmeterable(said)
    return [
        *(Refused(text, fields=("kind",)) for text in wrong),
        *blanks,
        *unmet([PLAN_ACCEPTED, PLAN_VALID, CONSENTS_STAND], step),
    ]


def against_term(term_to: date | None) -> list[Refused]:
    """Why no contract is drawn until this day."""
    if past(term_to) is None:
        return []
    text = _("This end has passed: agree on a day that lies ahead with the customer.")
    return [Refused(text, fields=("term_to",))]


def _round(step: Step) -> Contract:
    """The contract of this round, its version one higher than any before."""
    before = Contract.objects.filter(step__case=step.case).order_by("-version").first()
    version = before.version + 1 if before else 1
    contract = Contract.objects.filter(step=step).first()
    if contract is None:
        number = f"{step.case.number}-C{step.round}"
        return Contract(step=step, number=number, version=version)
    if contract.state == Contract.State.RETURNED:
        contract.draw_anew()
    elif contract.state != Contract.State.DRAWN or contract.signed_at or contract.officer_signed_at:
        raise Refused(_("The contract was signed: it is not drawn again in this round."))
    contract.version = version
    return contract


def _breach(contract: Contract) -> str:
    clause = contract.terms.clauses.filter(about=Clause.About.BREACH).first()
    return clause.text_zh if clause else ""


@act
def revise(contract: Contract, *, by: User, reason: str) -> Contract:
    """Before both have signed, the contract comes back to be drawn anew; signatures on it lapse."""
    contract = _locked_contract(contract, by)
    if not reason.strip():
        raise Refused(_("Say why the contract is drawn anew."))
    contract.signed_name = contract.signed_as = contract.signed_how = ""
    contract.signed_reference, contract.signed_at, contract.evidence = "", None, None
    contract.officer, contract.officer_signed_at = None, None
    contract.take_back()
    contract.save(
        update_fields=[
            "state",
            "signed_name",
            "signed_as",
            "signed_how",
            "signed_reference",
            "signed_at",
            "evidence",
            "officer",
            "officer_signed_at",
        ]
    )
    moves.record(
        contract.step.case,
        REVISED,
        by=by,
        step=contract.step,
        note=reason.strip(),
        version=contract.version,
        sha256=contract.content_hash,
    )
    if contract.step.state == Step.State.WITH_CUSTOMER:
        contract.step = moves.take_back(contract.step, by=by, note=reason.strip())
    return contract


# Signing ----------------------------------------------------------------------------------------


@act
def sign_customer(
    contract: Contract,
    *,
    by: User,
    signed_name: str,
    signed_as: str,
    signed_how: str,
    signed_reference: str = "",
    signed_at: datetime | None = None,
    evidence: Checked | None = None,
) -> Contract:
    """Record the customer's signature; an electronic one has equal force.

    It is shown (`Contract.SHOWN_BY`) by a scan or photo of what was signed, or by the serial number
    of the electronic signature. An agent's authority is checked again, for the day of signing.
    Raises Refused when it has ended.
    """
    contract = _locked_contract(contract, by)
    signed_at = signed_at or timezone.now()
    wrong = against_signature(contract, signed_name, signed_as, signed_at)
    shown = {"evidence": evidence, "signed_reference": signed_reference.strip()}
    needed = Contract.SHOWN_BY.get(signed_how)
    if needed and not shown[needed]:
        wrong.append(Refused(NOT_SHOWN[needed], fields=(needed,)))
    if wrong:
        raise Refused(wrong)
    if evidence:
        contract.evidence = _keep(contract, evidence, by)
    contract.signed_name, contract.signed_as = signed_name, signed_as
    contract.signed_how, contract.signed_reference = signed_how, signed_reference
    contract.signed_at = signed_at
    contract.full_clean(exclude=["step", "state"], validate_unique=False)
    contract.save(
        update_fields=[
            "signed_name",
            "signed_as",
            "signed_how",
            "signed_reference",
            "signed_at",
            "evidence",
        ]
    )
    moves.record(
        contract.step.case,
        CUSTOMER_SIGNED,
        by=by,
        step=contract.step,
        at=signed_at,
        note=lambda: _(", ").join(
            [signed_name, contract.get_signed_as_display(), contract.get_signed_how_display()]
        ),
        sha256=contract.content_hash,
    )
    return _when_both(contract, by=by)


def _keep(contract: Contract, evidence: Checked, by: User) -> Attachment:
    """What was signed lies with the papers of the case."""
    title = words.keep(lambda: _("Signed page of %(contract)s") % {"contract": contract})
    return papers.attach(contract.step.case, evidence, title=title, by=by, step=contract.step)


def against_signature(
    contract: Contract, signed_name: str, signed_as: str, signed_at: datetime | None
) -> list[Refused]:
    """Why the customer cannot sign this contract, or not like this."""
    if contract.signed_at:
        return [Refused(_("The customer has signed already."))]
    wrong = [] if contract.is_unchanged else [Refused(CHANGED)]
    wrong += unmet(BEFORE_SIGNING, contract.step)
    if signed_at and signed_at > timezone.now():
        wrong.append(Refused(_("A signature cannot lie in the future."), fields=("signed_at",)))
    elif signed_at and signed_at < contract.drawn_at.replace(second=0, microsecond=0):
        text = _("A signature cannot be older than the contract.")
        wrong.append(Refused(text, fields=("signed_at",)))
    on = timezone.localdate(signed_at) if signed_at else timezone.localdate()
    if signed_as == Contract.Signer.AGENT:
        return [*wrong, *_against_authority(contract.step.case, on, signed_name)]
    return [*wrong, *_against_name(contract.step.case, on, signed_name, signed_as)]


def _against_name(case: Case, on: date, name: str, signed_as: str) -> list[Refused]:
    """In person signs the customer who is a person; for all others their legal representative."""
    signers = signers_of(case, on)
    if signed_as == Contract.Signer.REPRESENTATIVE:
        known, text = signers.representative, _("No legal representative is on record.")
    else:
        known = signers.in_person
        text = _("This customer signs through the legal representative or the agent.")
    if signed_as and not known:
        return [Refused(text, fields=("signed_as",))]
    if name and known and not same_name(name, known):
        text = _("%(name)s may not sign for this customer. On record: %(names)s.")
        return [Refused(text % {"name": name, "names": known}, fields=("signed_name",))]
    return []


@act
def sign_utility(contract: Contract, *, by: User) -> Contract:
    """The contract officer signs for the utility."""
    contract = _locked_contract(contract, by)
    if contract.officer_signed_at:
        raise Refused(_("The utility has signed already."))
    if not contract.is_unchanged:
        raise Refused(CHANGED)
    demand(BEFORE_SIGNING, contract.step)
    contract.officer, contract.officer_signed_at = by, timezone.now()
    contract.save(update_fields=["officer", "officer_signed_at"])
    moves.record(
        contract.step.case,
        UTILITY_SIGNED,
        by=by,
        step=contract.step,
        sha256=contract.content_hash,
    )
    return _when_both(contract, by=by)


def _when_both(contract: Contract, *, by: User) -> Contract:
    """Both signatures: the contract is frozen and the step is finished."""
    if not (contract.signed_at and contract.officer_signed_at):
        return contract
    contract.sign()
    contract.save(update_fields=["state"])
    papers.issue(contract.step.case, "contract", by=by, step=contract.step, contract=contract.pk)
    contract.step = moves.finish(
        contract.step,
        by=by,
        outcome="signed",
        what=SIGNED,
        contract=contract.number,
        sha256=contract.content_hash,
    )
    plans.watch(contract.step.case)
    return contract


def _against_authority(case: Case, on: date, name: str) -> list[Refused]:
    """An agent signs only while the authority on record lasts, and only the agent on record."""
    application = Application.of(case)
    if application is None or not application.agent_name:
        text = _("No agent is named in the application: the customer signs in person.")
        return [Refused(text, fields=("signed_as",))]
    wrong = []
    if name.strip() != application.agent_name.strip():
        text = _("The agent named in the application is %(agent)s.")
        text %= {"agent": application.agent_name}
        wrong.append(Refused(text, fields=("signed_name",)))
    if authority_lapsed(application, on):
        text = _(
            "The agent's authority ended on %(day)s: record a renewed one with the "
            "application, or the customer signs in person."
        ) % {"day": f"{application.authority_ends():%Y-%m-%d}"}
        wrong.append(Refused(text, fields=("signed_as", "signed_at")))
    return wrong


@act
def sign_interim(
    contract: Contract,
    *,
    by: User,
    interim_name: str,
    interim_how: str,
    evidence: Checked | None = None,
) -> Contract:
    """In the fast lane a signed interim agreement stands in until the contract itself is signed.

    `evidence` is a scan or photo of it. It holds until the day until which the contract is
    deferred. The contract step stays open as a dated debt (DOMAIN section 8).
    """
    contract = _locked_contract(contract, by)
    if not contract.step.is_deferred:
        raise Refused(_("An interim agreement is only for the fast lane, where it was approved."))
    if contract.interim:
        raise Refused(_("The interim agreement is signed already."))
    demand([SAYS_WHAT_IS_RIGHT, SAYS_ALL, TERM_RUNS], contract.step)
    if stranger := against_signer(contract.step.case, interim_name, timezone.localdate()):
        raise Refused(stranger, fields=("interim_name",))
    if evidence is None:
        raise Refused(NOT_SHOWN["evidence"], fields=("evidence",))
    contract.interim_evidence = _keep(contract, evidence, by)
    contract.interim, contract.interim_at, contract.interim_officer = True, timezone.now(), by
    contract.interim_name, contract.interim_how = interim_name, interim_how
    contract.interim_until = contract.step.deferred_until
    contract.full_clean(exclude=["step", "state"], validate_unique=False)
    contract.save(
        update_fields=[
            "interim",
            "interim_name",
            "interim_how",
            "interim_evidence",
            "interim_at",
            "interim_until",
            "interim_officer",
        ]
    )
    moves.record(contract.step.case, INTERIM_SIGNED, by=by, step=contract.step, note=interim_name)
    return contract


def deferrable_until(case: Case) -> date | None:
    """Called by the fast lane: no deferral outlasts the interim agreement that was signed on it."""
    contract = Contract.of(case)
    return contract.interim_until if contract and contract.interim else None


# What no longer holds ---------------------------------------------------------------------------


def undone(step: Step, *, by: User | None) -> None:
    """Called by the door when the contract step no longer holds: its contract is void."""
    contract = Contract.objects.filter(step=step).exclude(state=Contract.State.VOID).first()
    if contract:
        contract.void()
        contract.save(update_fields=["state"])
