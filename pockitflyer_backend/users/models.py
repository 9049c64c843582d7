"""Accounts, what belongs to one account, and who follows whom."""

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models

from pockitflyer.coordinates import LATITUDE_RANGE, LONGITUDE_RANGE
from pockitflyer.tagged import Tagged


class User(AbstractUser, Tagged):
    """An account. It logs in with its email; the username is what others see."""

    email = models.EmailField(unique=True)
    email_verified = models.BooleanField(default=False)
    profile_picture = models.ImageField(
        upload_to="profile_pictures/", null=True, blank=True
    )
    bio = models.TextField(null=True, blank=True)
    latitude = models.DecimalField(
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        validators=LATITUDE_RANGE,
    )
    longitude = models.DecimalField(
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        validators=LONGITUDE_RANGE,
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["username"]

    def __str__(self) -> str:
        return self.email


class Profile(Tagged):
    """What a user shows in public. `users.signals` creates it, empty, with the user."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="profile")
    profile_picture = models.ImageField(
        upload_to="profile_pictures/", null=True, blank=True
    )
    name = models.CharField(max_length=100, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name or str(self.user)


class PrivacySettings(Tagged):
    """What a user allows others. `users.signals` creates it with the user."""

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, related_name="privacy_settings"
    )
    allow_email_contact = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "privacy settings"

    def __str__(self) -> str:
        return f"privacy settings of {self.user}"


class Follow(Tagged):
    """`follower` wants to see what `followed` publishes. Unfollowing deletes the row."""

    follower = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="following"
    )
    followed = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="followers"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["follower", "followed"], name="unique_follow"
            ),
            # `clean` runs in forms only; this holds for every writer.
            models.CheckConstraint(
                condition=~models.Q(follower=models.F("followed")),
                name="prevent_self_follow",
            ),
        ]
        indexes = [models.Index(fields=["follower", "created_at"])]

    def __str__(self) -> str:
        return f"{self.follower} follows {self.followed}"

    def clean(self) -> None:
        super().clean()
        if self.follower_id is not None and self.follower_id == self.followed_id:
            raise ValidationError({"followed": "Cannot follow yourself."})
