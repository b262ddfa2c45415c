"""Ask the web process of this container whether it is alive; exit 0 if it says so.

Speaks as the proxy does: with the public host name and over what counts as TLS.
"""

import os
import sys
import urllib.request

host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip(".")
request = urllib.request.Request(
    f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/healthz",
    headers={"Host": host, "X-Forwarded-Proto": "https"},
)
try:
    with urllib.request.urlopen(request, timeout=4):  # noqa: S310 our own address
        pass
except OSError as error:
    sys.exit(f"/healthz: {error}")
