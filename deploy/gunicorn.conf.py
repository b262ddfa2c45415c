"""The web server in production. Threads share a process, so that a slow client costs a thread."""

import os

# All addresses of a container, which only the proxy sees.
bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))

keepalive = 75  # above the proxy's, which then is the one to close idle connections
timeout = 60
graceful_timeout = 25  # below the stop_grace_period of docker-compose.yml
# A little forgetting now and then, not all processes at once.
max_requests = 5000
max_requests_jitter = 500

worker_tmp_dir = "/dev/shm"  # noqa: S108 the heartbeat file must not wait for a disk
control_socket_disable = True
accesslog = None  # the proxy writes it
errorlog = "-"


def on_starting(server):
    """An unsafe start ends here in one sentence, not in one worker after another."""
    from config import wsgi  # noqa: F401 - the settings speak first
    from config.environment import demand_database

    demand_database()
