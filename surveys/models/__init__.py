"""What was found on site: source points, the survey sheet, candidates, consents, photos."""

from surveys.models.candidate import Candidate, Consent
from surveys.models.photo import Photo
from surveys.models.source import SourcePoint, Voltage
from surveys.models.survey import LoadItem, Survey, Visit

__all__ = [
    "Candidate",
    "Consent",
    "LoadItem",
    "Photo",
    "SourcePoint",
    "Survey",
    "Visit",
    "Voltage",
]
