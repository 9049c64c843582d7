"""Every user has a profile and privacy settings from the first save on.

`bulk_create` and plain SQL send no signal, so whoever writes users that way inserts the
two rows as well.
"""

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from users.models import PrivacySettings, Profile, User


@receiver(post_save, sender=User)
def create_companions(
    instance: User, created: bool, raw: bool, using: str, **kwargs: Any
) -> None:
    # `raw` is loaddata: the fixture brings its own companions.
    if created and not raw:
        Profile.objects.using(using).create(user=instance)
        PrivacySettings.objects.using(using).create(user=instance)
