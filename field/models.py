"""What tablets send: a record of one visit, its files, and the pieces in which these arrive."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.constraints import RowCheck
from accounts.models import Unit, User
from documents.files import Taken
from workflow.models import Step

# A tablet's clock that differs by more than this is named.
CLOCK_TOLERANCE = timedelta(minutes=2)
FIELD_NAME_LENGTH = 100


class RecordQuerySet(models.QuerySet["Record"]):
    def visible_to(self, user: User) -> RecordQuerySet:
        """Their own, those of their steps and of the rounds now theirs; to who steers and who
        audits all of their offices.
        """
        rounds = Step.objects.in_hand().filter(
            owner=user, case=OuterRef("step__case"), kind=OuterRef("step__kind")
        )
        own = Q(author=user) | Q(step__owner=user) | Exists(rounds)
        if user.sees_board:
            own |= Q(step__case__unit__in=Unit.objects.under(user.unit))
        return self.filter(own)

    def waiting(self) -> RecordQuerySet:
        """Somebody has to look at them: not applied, or not whole."""
        return self.exclude(state__in=Record.DONE_STATES)


class Record(models.Model):
    """One record of a visit, as the tablet closed it: the very form its desk sheet would post.

    `fields` are the names and values of that form in order, `files` what was chosen in it. A record
    is never changed once it has arrived: a correction is another record, which names it.
    """

    class State(models.TextChoices):
        ARRIVING = "arriving", _("Arriving")
        APPLIED = "applied", _("On the case")
        KEPT = "kept", _("On the case as a draft, not signed")
        RETURNED = "returned", _("To be corrected")
        CONFLICT = "conflict", _("Waits for a decision")
        SETTLED = "settled", _("Decided")
        REPLACED = "replaced", _("Replaced by a correction")

    DONE_STATES = (State.APPLIED, State.KEPT, State.SETTLED, State.REPLACED)
    # The author may still correct what came back; whoever sees it may also decide.
    UNDECIDED_STATES = (State.RETURNED, State.CONFLICT)

    class Conflict(models.TextChoices):
        """Why a record cannot simply go onto the case."""

        CLOSED = "closed", _("The case is closed.")
        ROUND = "round", _("The step was sent back: another round has begun.")
        FINISHED = "finished", _("The step was finished meanwhile.")
        NOT_OPEN = "not_open", _("The step is not in hand any more.")
        REASSIGNED = "reassigned", _("The step was given to somebody else.")
        EDITED = "edited", _("The sheet was saved by somebody else meanwhile.")

    class Settlement(models.TextChoices):
        TAKEN = "taken", _("Put onto the sheet, as chosen")
        EVIDENCE = "evidence", _("Files kept with the case, the sheet left as it is")
        DROPPED = "dropped", _("Left aside")

    uuid = models.UUIDField(_("number"), unique=True, editable=False)
    step = models.ForeignKey(Step, models.PROTECT, related_name="field_records")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("author")
    )
    sheet = models.CharField(_("sheet"), max_length=12)
    signing = models.BooleanField(default=False)
    # The edition of the sheet that the tablet had before it.
    edition = models.PositiveIntegerField(default=0)
    fields = models.JSONField(default=list)
    digest = models.CharField(max_length=64, editable=False)
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    # By the tablet's clock, and by ours.
    happened_at = models.DateTimeField(_("happened (tablet's clock)"))
    sent_at = models.DateTimeField(_("sent (tablet's clock)"))
    received_at = models.DateTimeField(_("received"), auto_now_add=True)
    whole_at = models.DateTimeField(_("whole"), null=True, blank=True)
    applied_at = models.DateTimeField(_("put onto the case"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ARRIVING)
    conflict = models.CharField(max_length=10, choices=Conflict, blank=True)
    # What the forms and the guards said, in the author's language: at its field, or under "".
    errors = models.JSONField(default=dict)
    settled_how = models.CharField(max_length=10, choices=Settlement, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = RecordQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at", "-pk"]
        verbose_name = _("field record")
        verbose_name_plural = _("field records")
        indexes = [
            models.Index(fields=["state", "received_at"], name="field_record_waiting"),
            models.Index(fields=["author", "state"], name="field_record_author"),
        ]
        constraints = [
            RowCheck(
                condition=~Q(state="conflict") | ~Q(conflict=""),
                name="conflict_says_which",
            ),
            RowCheck(
                condition=~Q(state="settled") | (Q(settled_by__isnull=False) & ~Q(settled_how="")),
                name="settled_says_by_whom",
            ),
            RowCheck(
                condition=Q(state="arriving") | Q(whole_at__isnull=False),
                name="only_a_whole_record_goes_on",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step} {str(self.uuid)[:8]}"

    def get_absolute_url(self) -> str:
        return reverse("field:record", args=[self.uuid])

    @property
    def is_whole(self) -> bool:
        """Every listed file has arrived."""
        return all(file.is_held for file in self.files.all())

    @property
    def held(self) -> int:
        """How many of its files the server holds."""
        return sum(file.is_held for file in self.files.all())

    @property
    def is_undecided(self) -> bool:
        """It does not go onto the case by itself: somebody corrects it, or decides."""
        return self.state in Record.UNDECIDED_STATES

    @property
    def clock_off(self) -> timedelta | None:
        """How far the tablet's clock is ahead of ours (minus: behind); None where they agree."""
        off = self.sent_at - self.received_at
        return off if abs(off) > CLOCK_TOLERANCE else None


class RecordFile(models.Model):
    """One file of a record, named by its SHA-256; whole when `receipt_at` stands."""

    record = models.ForeignKey(Record, models.PROTECT, related_name="files")
    # The field of the form it was chosen in.
    name = models.CharField(max_length=FIELD_NAME_LENGTH)
    filename = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    taken_at = models.DateTimeField(null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    accuracy_m = models.PositiveIntegerField(null=True, blank=True)
    received = models.PositiveIntegerField(_("bytes received"), default=0)
    content_type = models.CharField(max_length=40, blank=True)
    path = models.CharField(max_length=200, blank=True)
    receipt_at = models.DateTimeField(_("receipt"), null=True, blank=True)
    # The case has the picture; the copy of the arrival is gone.
    cleared = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("file of a field record")
        verbose_name_plural = _("files of field records")
        constraints = [
            models.UniqueConstraint(fields=["record", "name"], name="one_field_file_a_name"),
            RowCheck(condition=Q(receipt_at=None) | ~Q(path=""), name="a_receipt_has_its_file"),
        ]
        indexes = [models.Index(fields=["sha256"], name="field_file_sha256")]

    def __str__(self) -> str:
        return f"{self.name} {self.sha256[:12]}"

    @property
    def is_held(self) -> bool:
        """It has arrived whole; where it is cleared, the case has it."""
        return self.receipt_at is not None or self.cleared

    @property
    def taken(self) -> Taken:
        """When and where, as far as the tablet knew."""
        return Taken(self.taken_at, self.longitude, self.latitude, self.accuracy_m)

    def upload(self) -> SimpleUploadedFile:
        """The file as an upload brings it, with what the tablet knew of it."""
        with default_storage.open(self.path) as stored:
            upload = SimpleUploadedFile(self.filename, stored.read(), self.content_type)
        if self.taken_at or self.latitude is not None:
            vars(upload)["taken"] = self.taken
        return upload


class Chunk(models.Model):
    """A piece of a file on its way; gone as soon as the file is whole."""

    file = models.ForeignKey(RecordFile, models.CASCADE, related_name="chunks")
    start = models.PositiveIntegerField()
    content = models.BinaryField()
    arrived_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["start"]
        constraints = [
            models.UniqueConstraint(fields=["file", "start"], name="one_field_chunk_a_place")
        ]

    def __str__(self) -> str:
        return f"{self.file} {self.start}"
