"""Flyers, their pictures, and who keeps which flyer as a favorite."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils import timezone

from pockitflyer.coordinates import LATITUDE_RANGE, LONGITUDE_RANGE
from pockitflyer.tagged import Tagged


class Flyer(Tagged):
    """A local announcement, visible while it is active and inside its validity window.

    The window is half open: a flyer is valid at `valid_from` and no longer valid at
    `valid_until`.
    """

    class Category(models.TextChoices):
        EVENTS = "events", "Events"
        NIGHTLIFE = "nightlife", "Nightlife"
        SERVICE = "service", "Service"

    MAX_IMAGES = 5

    title = models.CharField(max_length=200)
    description = models.TextField(validators=[MaxLengthValidator(2000)])
    category = models.CharField(max_length=20, choices=Category)
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="flyers"
    )
    location_address = models.CharField(max_length=500)
    latitude = models.DecimalField(
        max_digits=9, decimal_places=6, validators=LATITUDE_RANGE
    )
    longitude = models.DecimalField(
        max_digits=9, decimal_places=6, validators=LONGITUDE_RANGE
    )
    is_active = models.BooleanField(default=True)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            models.Index(fields=["creator"]),
            models.Index(fields=["latitude", "longitude"]),
            models.Index(fields=["valid_from", "valid_until"]),
            models.Index(fields=["created_at"]),
            models.Index(fields=["valid_until"]),
            models.Index(fields=["is_active", "valid_until"]),
            models.Index(fields=["category", "latitude", "longitude", "valid_until"]),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_valid(self) -> bool:
        return self.valid_from <= timezone.now() < self.valid_until

    def clean(self) -> None:
        super().clean()
        # Images point at a saved flyer, so a new one cannot have any yet.
        if self.pk is not None and not 1 <= self.images.count() <= self.MAX_IMAGES:
            raise ValidationError(f"A flyer has 1 to {self.MAX_IMAGES} images.")


class FlyerImage(Tagged):
    """One picture of a flyer; pictures are shown by ascending `order`."""

    flyer = models.ForeignKey(Flyer, on_delete=models.CASCADE, related_name="images")
    image = models.ImageField(upload_to="flyer_images/")
    order = models.IntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["order"]

    def __str__(self) -> str:
        return f"image {self.order} of {self.flyer}"


class Favorite(Tagged):
    """`user` keeps `flyer`. Taking it back deletes the row."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favorites"
    )
    flyer = models.ForeignKey(Flyer, on_delete=models.CASCADE, related_name="favorites")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "flyer"], name="unique_favorite"),
        ]
        indexes = [
            models.Index(fields=["user", "created_at"]),
            models.Index(fields=["flyer", "created_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.user} keeps {self.flyer}"
