"""Where the cases of the demo are played: who does what, with what chance."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from random import Random

from PIL import Image, ImageDraw

from accounts.demo import PEOPLE
from accounts.models import Unit, User
from demo.clock import StoryClock
from documents.files import Checked
from workflow import moves
from workflow.models import Case, Step

COLOURS = ((199, 208, 216), (217, 223, 208), (215, 211, 203), (190, 200, 190))


@dataclass
class Stage:
    """The demo's people, clock and dice, handed from link to link."""

    people: dict[str, User]
    clock: StoryClock
    random: Random
    unit: Unit

    def who(self, role: str) -> User:
        """The first person of the demo who holds the role and sees the office of the story."""
        return next(
            self.people[login.username]
            for login in PEOPLE
            if role in login.roles
            and self.unit.path.startswith(self.people[login.username].unit.path)
        )

    def worker(self, step: Step) -> User:
        return step.owner or self.who(step.process.role)


def fresh(case: Case) -> Case:
    """The case as the database has it now."""
    return Case.objects.select_related("unit", "owner").get(pk=case.pk)


def picture(random: Random, text: str) -> Checked:
    """A photo of the demo: a plain ground with its title."""
    image = Image.new("RGB", (640, 480), random.choice(COLOURS))
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y = random.randrange(600), random.randrange(440)
        draw.rectangle(
            (x, y, x + random.randrange(20, 160), y + random.randrange(20, 120)),
            outline=(90, 100, 110),
            width=3,
        )
    out = BytesIO()
    image.save(out, "JPEG", quality=70)
    return Checked(out.getvalue(), "image/jpeg", f"{text}.jpg")


def claim(stage: Stage, step: Step) -> None:
    """The worker of a step takes it, if nobody has."""
    if step.owner_id is None:
        moves.claim(step, by=stage.who(step.process.role))
