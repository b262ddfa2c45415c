# Jiedian for production: one image for web, worker, beat and migrate (see docker-compose.yml).

FROM python:3.11-slim-bookworm AS packages
WORKDIR /build
COPY requirements.txt script/uv.txt ./
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r uv.txt \
    && VIRTUAL_ENV=/opt/venv UV_PYTHON_DOWNLOADS=never UV_NO_CACHE=1 UV_COMPILE_BYTECODE=1 \
        /opt/venv/bin/uv pip sync --require-hashes requirements.txt \
    && /opt/venv/bin/uv pip uninstall --python /opt/venv/bin/python uv pip setuptools


FROM python:3.11-slim-bookworm

# Pango draws the papers; without libharfbuzz-subset0 each takes seconds instead of a fraction.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libpangoft2-1.0-0 libharfbuzz-subset0 tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/jiedian --create-home jiedian \
    && install -d -o jiedian -g jiedian /var/lib/jiedian/media /srv/jiedian

COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY . .

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings \
    VAR_DIR=/var/lib/jiedian \
    MEDIA_ROOT=/var/lib/jiedian/media \
    STATIC_ROOT=/srv/jiedian/static \
    FONTCONFIG_FILE=/app/static/fonts/fonts.conf \
    XDG_CACHE_HOME=/tmp/cache

# The program belongs to root: whoever takes over the web process cannot rewrite it.
RUN python -m compileall -q . \
    && find locale -name '*.po' -exec python script/compile_translations.py {} +

USER jiedian
# The static files are part of the image: each version serves exactly its own. What production asks
# for is thrown away with this line.
RUN SECRET_KEY=$(head -c 48 /dev/urandom | base64 -w 0) ALLOWED_HOSTS=build.invalid \
    BASE_URL=https://build.invalid \
    DATABASE_URL=postgres://build@build.invalid/build REDIS_URL=redis://build.invalid/0 \
    python manage.py collectstatic --no-input --verbosity 0 --ignore fonts

EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "deploy/health.py"]
CMD ["gunicorn", "config.wsgi", "--config", "deploy/gunicorn.conf.py"]
