"""Points from which the customer could be supplied, and the consent of others each needs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from surveys.models.source import Place, SourcePoint, kva
from surveys.models.survey import Survey
from workflow.models import Case
from workflow.words import WordsField


def metres(label) -> models.PositiveIntegerField:
    """A column for a length in whole metres."""
    return models.PositiveIntegerField(
        label, null=True, blank=True, validators=[MaxValueValidator(100_000)]
    )


class Candidate(Place):
    """A candidate source point as measured on the day: from the catalogue, or typed in."""

    survey = models.ForeignKey(Survey, models.PROTECT, related_name="candidates")
    label = models.CharField(_("point"), max_length=2)
    source_point = models.ForeignKey(
        SourcePoint,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="candidates",
        verbose_name=_("source point"),
    )
    name = models.CharField(_("name, if not in the catalogue"), max_length=80, blank=True)
    rated_kva = kva(_("rated capacity (kVA)"), null=True, blank=True)
    committed_kva = kva(_("committed capacity (kVA)"), null=True, blank=True)
    distance_m = metres(_("distance (m)"))
    overhead_m = metres(_("overhead line (m)"))
    cable_m = metres(_("cable (m)"))
    consent_needed = models.BooleanField(_("needs the consent of others"), default=False)
    works = models.TextField(_("estimated works"), max_length=500, blank=True)
    cost_yuan = models.DecimalField(
        _("estimated cost (yuan)"),
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    works_days = models.PositiveSmallIntegerField(
        _("estimated days"), null=True, blank=True, validators=[MaxValueValidator(3650)]
    )
    workable = models.BooleanField(_("workable"), null=True, blank=True)
    why_not = WordsField(_("why it is not workable"), max_length=500, blank=True)

    class Meta:
        ordering = ["label", "pk"]
        verbose_name = _("candidate source point")
        verbose_name_plural = _("candidate source points")
        constraints = [
            models.UniqueConstraint(fields=["survey", "label"], name="one_candidate_a_label"),
            RowCheck(
                condition=Q(source_point__isnull=False) | ~Q(name=""),
                name="candidate_has_a_point",
                violation_error_message=_("Choose a source point, or name the one found."),
            ),
            RowCheck(
                condition=~Q(workable=False) | ~Q(why_not=""),
                name="unworkable_point_is_explained",
                violation_error_message=_("Say why this point is not workable."),
            ),
            RowCheck(
                condition=(Q(rated_kva=None) | Q(rated_kva__gte=0))
                & (Q(committed_kva=None) | Q(committed_kva__gte=0))
                & (
                    Q(rated_kva=None) | Q(committed_kva=None) | Q(rated_kva__gte=F("committed_kva"))
                ),
                name="candidate_capacity_makes_sense",
                violation_error_message=_("More is committed than the point is rated for."),
            ),
            RowCheck(
                condition=Q(cost_yuan=None) | Q(cost_yuan__gte=0),
                name="candidate_cost_not_negative",
                violation_error_message=_("A cost cannot be negative."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} · {self.title}"

    @property
    def title(self) -> str:
        return self.source_point.name if self.source_point else self.name

    @property
    def open_kva(self) -> Decimal | None:
        """Open capacity in kVA as it was on the day of the survey."""
        if self.rated_kva is None:
            return None
        return self.rated_kva - (self.committed_kva or Decimal(0))

    @property
    def is_measured(self) -> bool:
        """The distance was taken and the capacity looked up."""
        return self.distance_m is not None and self.rated_kva is not None

    @property
    def standing_consents(self) -> list[Consent]:
        """The last word of each party: who was asked again is judged by the new answer."""
        last = {(c.party_kind, c.party): c for c in self.consents.all()}
        return list(last.values())

    def open_consents(self, today: date) -> list[Consent]:
        """The consents that do not stand: unanswered, refused or expired."""
        return [consent for consent in self.standing_consents if not consent.stands(today)]

    def is_cleared(self, today: date) -> bool:
        """Every consent this point needs was given and still holds."""
        asked = bool(self.standing_consents)
        return (asked or not self.consent_needed) and not self.open_consents(today)

    def can_be_used(self, today: date) -> bool:
        """Workable, and nobody's consent stands in the way."""
        return self.workable is True and self.is_cleared(today)


class ConsentQuerySet(models.QuerySet["Consent"]):
    def of(self, case: Case) -> ConsentQuerySet:
        """Every consent ever asked for in a case, of all rounds."""
        return self.filter(candidate__survey__step__case=case)

    def ended(self, today: date) -> ConsentQuerySet:
        """A yes whose time is over or that was withdrawn, and nobody was told of it yet."""
        over = Q(answer=Consent.Answer.YES, expires_on__lt=today)
        return self.filter(over | Q(answer=Consent.Answer.WITHDRAWN), end_told_at=None)


class Consent(models.Model):
    """What a third party was asked, and what they said (DOMAIN section 6; Civil Code art. 292)."""

    class Party(models.TextChoices):
        CO_USER = "co_user", _("Co-user of the supply")
        NEIGHBOUR = "neighbour", _("Neighbour")
        OWNERS = "owners", _("Owners' committee")
        PROPERTY = "property", _("Property manager")
        VILLAGE = "village", _("Village")
        LANDLORD = "landlord", _("Landlord")
        OTHER = "other", _("Other party")

    class How(models.TextChoices):
        IN_PERSON = "in_person", _("In person")
        PHONE = "phone", _("By telephone")
        LETTER = "letter", _("By letter")
        COMMITTEE = "committee", _("Through the residents' committee")

    class Answer(models.TextChoices):
        YES = "yes", _("Consents")
        NO = "no", _("Refuses")
        NOT_REACHED = "not_reached", _("Not reached")
        # After a yes, and never the first answer.
        WITHDRAWN = "withdrawn", _("Withdrawn")

    # What a party may answer when asked.
    ANSWERS = [(one.value, one.label) for one in (Answer.YES, Answer.NO, Answer.NOT_REACHED)]

    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="consents")
    party_kind = models.CharField(_("kind of party"), max_length=10, choices=Party)
    party = models.CharField(_("party"), max_length=80)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    subject = models.CharField(_("for what"), max_length=200)
    asked_on = models.DateField(_("asked on"))
    asked_how = models.CharField(_("asked how"), max_length=10, choices=How)
    # Empty while the question stands open.
    answer = models.CharField(_("answer"), max_length=12, choices=Answer, blank=True)
    answered_on = models.DateField(_("answered on"), null=True, blank=True)
    words = models.TextField(_("what was said"), max_length=500, blank=True)
    options = models.TextField(_("options told to the customer"), max_length=1000, blank=True)
    expires_on = models.DateField(_("holds until"), null=True, blank=True)
    paper = models.FileField(
        _("paper"), upload_to="surveys/consents/%Y/%m", max_length=200, blank=True
    )
    paper_type = models.CharField(max_length=40, blank=True, editable=False)
    paper_sha256 = models.CharField(_("checksum"), max_length=64, blank=True, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # When the end of a consent given for a time was dealt with, once.
    end_told_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The same consent in the round before.
    carried_from = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="carried_to"
    )

    objects = ConsentQuerySet.as_manager()

    class Meta:
        ordering = ["asked_on", "pk"]
        verbose_name = _("third-party consent")
        verbose_name_plural = _("third-party consents")
        constraints = [
            RowCheck(
                condition=Q(answer="") | Q(answered_on__isnull=False),
                name="answered_consent_has_a_day",
                violation_error_message=_("Say on which day the party answered."),
            ),
            RowCheck(
                condition=Q(answered_on=None) | Q(answered_on__gte=F("asked_on")),
                name="consent_answered_after_asking",
                violation_error_message=_("Nobody can answer before being asked."),
            ),
            RowCheck(
                condition=~Q(answer="no") | ~Q(options=""),
                name="refused_consent_has_options",
                violation_error_message=_(
                    "A refusal is told to the customer with options: write what can be done now."
                ),
            ),
            RowCheck(
                condition=~Q(answer="withdrawn") | (~Q(words="") & ~Q(paper="")),
                name="withdrawn_consent_is_shown",
                violation_error_message=_(
                    "A withdrawal needs what was said and the paper that shows it."
                ),
            ),
            RowCheck(
                condition=Q(expires_on=None)
                | Q(answered_on=None)
                | Q(expires_on__gte=F("answered_on")),
                name="consent_expires_after_answer",
                violation_error_message=_("It cannot end before it was given."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.party} · {self.answer_label}"

    @property
    def answer_label(self) -> str:
        return str(self.get_answer_display() if self.answer else _("not answered"))

    @property
    def is_refused(self) -> bool:
        return self.answer == self.Answer.NO

    @property
    def is_unanswered(self) -> bool:
        """Nobody has said yes or no: not asked to the end, or not reached."""
        return self.answer in ("", self.Answer.NOT_REACHED)

    @property
    def is_withdrawn(self) -> bool:
        return self.answer == self.Answer.WITHDRAWN

    @property
    def ended_on(self) -> date | None:
        """The day on which it was withdrawn, else the last one for which it was given."""
        return self.answered_on if self.is_withdrawn else self.expires_on

    def has_ended(self, today: date) -> bool:
        """It was given once, and holds no more."""
        return self.is_withdrawn or self.has_expired(today)

    def has_expired(self, today: date) -> bool:
        return self.expires_on is not None and self.expires_on < today

    def stands(self, today: date) -> bool:
        """A yes that still holds."""
        return self.answer == self.Answer.YES and not self.has_expired(today)

    @property
    def chip(self) -> tuple[str, str]:
        """The state for a chip of the design: (class, words)."""
        if self.answer == self.Answer.YES:
            if self.has_expired(timezone.localdate()):
                return "late", str(_("Consent expired"))
            return "done", self.answer_label
        if self.answer in (self.Answer.NO, self.Answer.WITHDRAWN):
            return "late", self.answer_label
        return ("stop" if self.answer else "soon"), self.answer_label
