"""The backend's settings, with the hand-written commands beside Seedbed's."""

import os

from pockitflyer.settings import *  # noqa: F403
from pockitflyer.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "by_hand"]
MEDIA_ROOT = os.environ["BENCH_MEDIA"]
