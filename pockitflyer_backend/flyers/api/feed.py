"""GET flyers/feed/: the flyers around a place.

Query: `lat` and `lng` (required), `filter` (all, favorites, following), `categories`
(slugs, comma between them, any of them matches), `page`, `page_size`.
"""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated
from rest_framework.generics import ListAPIView
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import AllowAny

from flyers.feed import Place, feed, of_categories, of_favorites, of_followed
from flyers.models import Flyer, FlyerImage
from pockitflyer.coordinates import LATITUDE_RANGE, LONGITUDE_RANGE
from users.models import User

RELATIONSHIPS = {"favorites": of_favorites, "following": of_followed}


class Slugs(serializers.CharField):
    """Categories with commas between them; an empty text asks for every category."""

    def to_internal_value(self, data: Any) -> list[str]:
        text = super().to_internal_value(data)
        slugs = [slug.strip() for slug in text.split(",")] if text else []
        for slug in slugs:
            if slug not in Flyer.Category:
                known = ", ".join(Flyer.Category.values)
                raise serializers.ValidationError(
                    f'"{slug}" is no category; there are {known}.'
                )
        return slugs


class FeedQuery(serializers.Serializer):
    lat = serializers.FloatField(validators=LATITUDE_RANGE)
    lng = serializers.FloatField(validators=LONGITUDE_RANGE)
    filter = serializers.ChoiceField(["all", *RELATIONSHIPS], default="all")
    categories = Slugs(default=[], allow_blank=True)


class Creator(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "username", "profile_picture"]


class Image(serializers.ModelSerializer):
    url = serializers.ImageField(source="image")

    class Meta:
        model = FlyerImage
        fields = ["url", "order"]


class Location(serializers.Serializer):
    address = serializers.CharField(source="location_address")
    lat = serializers.FloatField(source="latitude")
    lng = serializers.FloatField(source="longitude")
    distance_km = serializers.SerializerMethodField()

    def get_distance_km(self, flyer: Flyer) -> float:
        return round(flyer.distance_km, 2)


class Validity(serializers.ModelSerializer):
    class Meta:
        model = Flyer
        fields = ["valid_from", "valid_until", "is_valid"]


class FeedItem(serializers.ModelSerializer):
    creator = Creator()
    images = Image(many=True)
    location = Location(source="*")
    validity = Validity(source="*")
    creator_name = serializers.SerializerMethodField()
    # The picture of the profile at full size; null without one.
    creator_profile_picture_url = serializers.ImageField(
        source="creator.profile.profile_picture"
    )
    is_favorited = serializers.BooleanField(allow_null=True)

    class Meta:
        model = Flyer
        fields = [
            "id",
            "title",
            "description",
            "category",
            "creator",
            "creator_name",
            "creator_profile_picture_url",
            "images",
            "location",
            "validity",
            "is_favorited",
        ]

    def get_creator_name(self, flyer: Flyer) -> str:
        profile = getattr(flyer.creator, "profile", None)
        return (profile and profile.name) or flyer.creator.username


class FeedPages(PageNumberPagination):
    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 50


class FeedView(ListAPIView):
    permission_classes = [AllowAny]
    serializer_class = FeedItem
    pagination_class = FeedPages

    def get_queryset(self) -> QuerySet[Flyer]:
        query = FeedQuery(data=self.request.query_params.dict())
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        reader = self.request.user if self.request.user.is_authenticated else None
        flyers = feed(
            place=Place(asked["lat"], asked["lng"]),
            now=timezone.now(),
            reader=reader,
        )
        if relationship := RELATIONSHIPS.get(asked["filter"]):
            if reader is None:
                raise NotAuthenticated
            flyers = relationship(flyers, reader)
        if asked["categories"]:
            flyers = of_categories(flyers, asked["categories"])
        return flyers
