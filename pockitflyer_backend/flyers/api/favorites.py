"""POST favorites/ and DELETE favorites/{flyer_id}/: what the reader keeps.

Any flyer that exists can be kept, also one that no feed shows any more.
"""

from django.shortcuts import get_object_or_404
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from flyers.models import Favorite, Flyer


class FavoriteItem(serializers.ModelSerializer):
    flyer_id = serializers.IntegerField()

    class Meta:
        model = Favorite
        fields = ["user_id", "flyer_id", "created_at"]


class FavoritesView(APIView):
    def post(self, request: Request) -> Response:
        """Answers 201, or 200 with the row that was there."""
        asked = FavoriteItem(data=request.data)
        asked.is_valid(raise_exception=True)
        flyer = get_object_or_404(Flyer, pk=asked.validated_data["flyer_id"])
        favorite, created = Favorite.objects.get_or_create(
            user=request.user, flyer=flyer
        )
        return Response(
            FavoriteItem(favorite).data,
            status.HTTP_201_CREATED if created else status.HTTP_200_OK,
        )


class FavoriteView(APIView):
    def delete(self, request: Request, flyer_id: int) -> Response:
        """Answers 204, also if the reader does not keep the flyer."""
        Favorite.objects.filter(user=request.user, flyer=flyer_id).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)
