"""A customer at home: a browser without an account, and the code of the receipt."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.test import Client
from django.urls import reverse

from applications import services
from applications.models import TrackingCode
from workflow.models import Case


def code_of(case: Case) -> TrackingCode:
    return services.code_of(case)


def link(case: Case) -> str:
    """The path in the receipt's QR."""
    return urlsplit(code_of(case).url).path


def customer(case: Case, *, language: str = "en", **options) -> Client:
    """A browser that has opened the case by the receipt."""
    client = Client(headers={"accept-language": language}, **options)
    response = client.get(link(case))
    assert response.status_code == 302
    return client


def page(case: Case, name: str = "case", *more) -> str:
    return reverse(f"public:{name}", args=[case.number, *more])


def seen(case: Case, **options) -> str:
    """The tracking page as the customer reads it."""
    return customer(case, **options).get(page(case)).content.decode()
