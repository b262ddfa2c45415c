"""The web server's way in."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Below gunicorn's own limit of a request, so that the reader gets a page that says what happened.
os.environ.setdefault("STATEMENT_SECONDS", "20")

application = get_wsgi_application()
