"""Which flyers a feed holds, and in which order.

Knows nothing of HTTP: the place, the reader and the moment are arguments.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db.models import (
    BooleanField,
    Exists,
    F,
    FloatField,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import (
    ASin,
    Cast,
    Cos,
    Least,
    Power,
    Radians,
    Sin,
    Sqrt,
    TruncSecond,
)

from flyers.models import Favorite, Flyer
from users.models import Follow, User

EARTH_RADIUS_KM = 6371.0


class Place(NamedTuple):
    """Where the reader stands, in degrees."""

    latitude: float
    longitude: float


def visible(now: datetime) -> Q:
    """Holds for active flyers inside their half-open validity window."""
    return Q(is_active=True, valid_from__lte=now, valid_until__gt=now)


def feed(*, place: Place, now: datetime, reader: User | None) -> QuerySet[Flyer]:
    """Returns the visible flyers, newest second first, then nearest, then by id.

    Each has `distance_km` and `is_favorited` (None without a reader). Creator, profile and
    images come along: the number of statements does not depend on the number of flyers.
    """
    return (
        Flyer.objects.filter(visible(now))
        .select_related("creator__profile")
        .prefetch_related("images")
        .annotate(distance_km=distance_km(place), is_favorited=is_favorited(reader))
        .order_by(TruncSecond("created_at").desc(), "distance_km", "id")
    )


def of_favorites(flyers: QuerySet[Flyer], reader: User) -> QuerySet[Flyer]:
    kept = Favorite.objects.filter(user=reader).values("flyer")
    return flyers.filter(pk__in=kept)


def of_followed(flyers: QuerySet[Flyer], reader: User) -> QuerySet[Flyer]:
    followed = Follow.objects.filter(follower=reader).values("followed")
    return flyers.filter(creator__in=followed)


def of_categories(
    flyers: QuerySet[Flyer], categories: Iterable[str]
) -> QuerySet[Flyer]:
    return flyers.filter(category__in=categories)


def is_favorited(reader: User | None) -> Exists | Value:
    if reader is None:
        return Value(None, output_field=BooleanField(null=True))
    return Exists(Favorite.objects.filter(user=reader, flyer=OuterRef("pk")))


def distance_km(place: Place) -> Func:
    """Returns the great-circle distance (haversine) from `place` to a flyer."""
    latitude, longitude = (
        Radians(Cast(F(name), FloatField())) for name in ["latitude", "longitude"]
    )
    here = [Radians(Value(degrees, output_field=FloatField())) for degrees in place]
    chord = Power(Sin((latitude - here[0]) / 2.0), 2) + Cos(latitude) * Cos(
        here[0]
    ) * Power(Sin((longitude - here[1]) / 2.0), 2)
    # Rounding may carry the chord of antipodes past 1, where the arc sine is undefined.
    return ASin(Sqrt(Least(chord, Value(1.0)))) * Value(2 * EARTH_RADIUS_KM)
