"""The one settings file. What differs between machines comes from the environment (see
.env.example).
"""

import os
import tempfile
from datetime import timedelta
from pathlib import Path

from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("VAR_DIR", BASE_DIR / "var"))

DEMO = env.flag("JIEDIAN_DEMO")
TEST = env.flag("JIEDIAN_TEST")
PRODUCTION = not (DEMO or TEST)
DEBUG = env.flag("DEBUG")
if PRODUCTION and DEBUG:
    raise env.Unsafe(
        "DEBUG is on: it shows the inside of the program to everybody; unset it, "
        "or set JIEDIAN_DEMO=1."
    )

SECRET_KEY = env.secret_key(production=PRODUCTION, store=VAR_DIR / "secret")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or (
    [] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]", "testserver"]
)
if PRODUCTION and (not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS):
    raise env.Unsafe(
        "ALLOWED_HOSTS is missing or `*`: name the hosts people type, separated by commas."
    )
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
if PRODUCTION:
    BASE_URL = env.required("BASE_URL", "mails and QR codes name it; write https://host.").rstrip(
        "/"
    )
else:
    BASE_URL = os.environ.get("BASE_URL", "http://127.0.0.1:8000").rstrip("/")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_htmx",
    "accounts",
    "workflow",
    "documents",
    "applications",
    "news",
    "surveys",
    "plans",
    "works",
    "fees",
    "contracts",
    "metering",
    "field",
    "public",
    "dossier",
    "demo",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.user_language",
    "accounts.middleware.kept_by_nobody",
    "accounts.middleware.tells_what_it_took",
    "accounts.typed.LoginRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "workflow.late.says_why",
    "workflow.refusals.Refusals",
    "accounts.once.Once",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["accounts.templatetags.writer"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.insert(0, "django.forms")

# Data -----------------------------------------------------------------------------------------
if PRODUCTION:
    DATABASE_URL = env.required("DATABASE_URL", "write postgres://user:password@host:5432/name.")
else:
    DATABASE_URL = os.environ.get("DATABASE_URL", f"sqlite:///{VAR_DIR / 'demo.sqlite3'}")
# No wait is without an end. The limit of a statement holds in the web process only (config/wsgi.py
# sets it): a migration or a sweep may take its time.
LOCK_SECONDS = env.number("LOCK_SECONDS", 10)
STATEMENT_SECONDS = env.number("STATEMENT_SECONDS", 0)
DATABASES = {"default": env.database(DATABASE_URL, lock=LOCK_SECONDS, statement=STATEMENT_SECONDS)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = os.environ.get("REDIS_URL", "")
if PRODUCTION:
    env.required("REDIS_URL", "the worker needs a broker; write redis://host:6379/0.")
MEDIA_ROOT = Path(os.environ.get("MEDIA_ROOT", VAR_DIR / "media"))
FILE_UPLOAD_PERMISSIONS = 0o600
# A file, and all files of one form; the proxy's limit (deploy/Caddyfile) lies above, so that it is
# we who say which file is too large.
UPLOAD_LIMIT = 15 * 1024 * 1024
UPLOADS_LIMIT = 90 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "documents.files.received.BoundedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3000

# People ---------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "accounts.backends.StaffBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if TEST:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "workflow:desk"
LOGOUT_REDIRECT_URL = "accounts:login"
# A day in the field, from before the first visit to after the last: signing in once is enough.
SESSION_COOKIE_AGE = 16 * 3600
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25
AXES_HANDLER = "accounts.lockout.Lockout"
AXES_LOCKOUT_PARAMETERS = "accounts.lockout.counted"
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
AXES_ENABLED = not TEST
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "accounts.backends.client_address"
# How many proxies of our own stand before the web process; the address before the last of them
# counts.
PROXIES = env.number("PROXIES", 1 if PRODUCTION else 0)

# Language and time ------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
# Every date on a screen is written the same way in both languages.
FORMAT_MODULE_PATH = "config.formats"

# Files served by the web process ------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", VAR_DIR / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TEST or DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = TEST or DEBUG
# Files are looked for when asked for: listing them costs each test client 30 ms.
WHITENOISE_AUTOREFRESH = TEST or DEBUG

# Papers are set in the font that is shipped; WeasyPrint reads this when it is loaded.
os.environ.setdefault("FONTCONFIG_FILE", str(BASE_DIR / "static" / "fonts" / "fonts.conf"))

# Security ---------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "accounts.views.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL = PRODUCTION and env.flag("SECURE_SSL", default=True)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL
SECURE_SSL_REDIRECT = SECURE_SSL
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_SSL else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_SSL
SECURE_HSTS_PRELOAD = SECURE_SSL
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE_SSL else None

# Mail -------------------------------------------------------------------------------------------
EMAIL_HOST = os.environ.get("EMAIL_HOST", "")
EMAIL_PORT = env.number("EMAIL_PORT", 25)
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS")
EMAIL_TIMEOUT = 20
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if EMAIL_HOST
    else "django.core.mail.backends.console.EmailBackend"
)
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "Jiedian <jiedian@localhost>")

# Customers -------------------------------------------------------------------------------------
# The gateway for SMS (see news/channels.py); without it they are written to the log of the worker.
SMS_URL = os.environ.get("SMS_URL", "")
SMS_TOKEN = os.environ.get("SMS_TOKEN", "")
SMS_TIMEOUT = 20
# Mails that come back go to bounces+<reference>@host, as `manage.py note_bounce` reads it.
MAIL_BOUNCES = os.environ.get("MAIL_BOUNCES", "")
# When customers are left in peace: messages wait for the morning.
QUIET_HOURS = env.hours("QUIET_HOURS", "21:00-08:00")

# Background work ----------------------------------------------------------------------------------
SWEEP_MINUTES = 5
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0}
# A dossier asked for so long ago is not being made any more: its worker died.
DOSSIER_LATE = timedelta(seconds=CELERY_TASK_TIME_LIMIT)
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    # After a kill -9 the unfinished task comes back once it is older than the longest task.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 600,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
        # A Redis that hangs is as good as none.
        "socket_connect_timeout": 1,
        "socket_timeout": 2,
    }
else:
    _queue = VAR_DIR / "queue"
    CELERY_BROKER_URL = "filesystem://localhost"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        name: str(_queue / folder)
        for name, folder in (
            ("data_folder_in", "messages"),
            ("data_folder_out", "messages"),
            ("control_folder", "control"),
        )
    }
    for _folder in ("messages", "control"):
        (_queue / _folder).mkdir(parents=True, exist_ok=True)
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "workflow.tasks.sweep", "schedule": SWEEP_MINUTES * 60},
    "expire-plans": {"task": "plans.tasks.expire", "schedule": crontab(hour=5, minute=30)},
    "endings": {"task": "workflow.tasks.watch", "schedule": crontab(hour=5, minute=50)},
    "consents": {"task": "plans.tasks.end_consents", "schedule": crontab(hour=5, minute=40)},
    "papers": {"task": "documents.tasks.render_missing", "schedule": 120},
    "messages": {"task": "news.tasks.send_due", "schedule": 60},
    "clear-sessions": {"task": "accounts.tasks.clear_sessions", "schedule": crontab(hour=4)},
    "field-catch-up": {"task": "field.tasks.catch_up", "schedule": 120},
    "field-clear": {"task": "field.tasks.clear", "schedule": crontab(hour=4, minute=20)},
    "clear-guesses": {"task": "public.tasks.clear_guesses", "schedule": crontab(hour=4, minute=40)},
    "clear-drafts": {"task": "public.tasks.clear_drafts", "schedule": crontab(hour=4, minute=40)},
    "dossiers": {"task": "dossier.tasks.make_missing", "schedule": 120},
    "dossier-clear": {"task": "dossier.tasks.clear", "schedule": crontab(hour=4, minute=40)},
    "prove-fees": {"task": "fees.tasks.prove_fees", "schedule": crontab(hour=6, minute=0)},
}

# The clocks --------------------------------------------------------------------------------------
# Civil Code art. 201: the day of the event is not counted. Some utilities count it: set to True
# there.
COUNT_FIRST_DAY = env.flag("COUNT_FIRST_DAY")
SILENCE_WORKING_DAYS = env.number("SILENCE_WORKING_DAYS", 5)
# Within how many working days a third party who was asked for consent is asked again (a house rule:
# the Civil Code, art. 292, names the duty and no term).
CONSENT_WORKING_DAYS = env.number("CONSENT_WORKING_DAYS", 5)
# For how many calendar days the fast lane defers a formality at most (a house rule: DOMAIN
# section 8 wants a dated debt and names no term).
DEFERRAL_DAYS = env.number("DEFERRAL_DAYS", 90)
# Within how many working days money that goes back is paid out, and then confirmed.
REFUND_WORKING_DAYS = env.number("REFUND_WORKING_DAYS", 5)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"without_codes": {"()": "config.logs.WithoutCodes"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["without_codes"]}},
    "loggers": {"weasyprint": {"level": "ERROR"}, "fontTools": {"level": "ERROR"}},
    "root": {
        "handlers": ["console"],
        "level": os.environ.get("LOG_LEVEL", "WARNING" if TEST else "INFO"),
    },
}
if TEST:
    EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    MEDIA_ROOT = Path(
        os.environ.get("MEDIA_ROOT", Path(tempfile.gettempdir()) / f"jiedian-test-{os.getpid()}")
    )
