"""Runs the recipe for Django, clicks.py, in a project with one model, and tells what it saw."""

import logging
import pathlib
import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.db import transaction

logging.basicConfig(stream=sys.stdout, format="%(levelname)s: %(message).31s")
sys.path.insert(0, ".")
pathlib.Path("counter").mkdir()
pathlib.Path("counter/__init__.py").touch()
pathlib.Path("counter/models.py").write_text(
    """
from django.db import models


class Counter(models.Model):
    count = models.IntegerField()
    event = models.CharField(max_length=39)
"""
)
settings.configure(
    INSTALLED_APPS=["counter"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "django.db"}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
django.setup()
call_command("migrate", run_syncdb=True, verbosity=0)

import clicks  # noqa: E402 (the recipe needs the project)

# A machine that runs many tests may take longer than a visitor has time.
clicks.bell = clicks.Doorbell("http://127.0.0.1:8080", patience=600)
counter = clicks.Counter.objects.create(count=0, event=clicks.bell.new_id())


def is_set(event):
    while True:
        try:
            clicks.bell.wait(event, timeout=0)
            return "set"
        except TimeoutError as late:
            if late.__cause__ is None:  # the node said so
                return "not set"


with transaction.atomic():
    clicks.click()
    print("before the commit:", is_set(counter.event))
print("after the commit:", is_set(counter.event))

counter.refresh_from_db()
try:
    with transaction.atomic():
        clicks.click()
        raise InterruptedError
except InterruptedError:
    print("after a rollback:", is_set(counter.event))

clicks.bell = clicks.Doorbell("http://127.0.0.1:9")
clicks.click()
counter.refresh_from_db()
print("committed, without a node too:", counter.count)
