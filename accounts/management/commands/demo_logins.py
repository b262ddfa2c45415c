"""manage.py demo_logins: whom one can be in the demo."""

from django.core.management.base import BaseCommand

from accounts.demo import PASSWORD, logins


class Command(BaseCommand):
    help = "Print user name, password, name and role of everybody in the demo."

    def handle(self, *args, **options):
        for login in logins():
            self.stdout.write(
                f"{login.username:14} {PASSWORD}  {', '.join(login.roles):18} {login.name}"
            )
