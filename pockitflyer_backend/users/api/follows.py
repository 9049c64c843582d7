"""POST follows/, DELETE follows/{user_id}/, GET follows/status/: whom the reader follows.

An inactive account is a deleted one: nobody can start to follow it, but a follow from
before is still told and can be taken back.
"""

from django.shortcuts import get_object_or_404
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from users.models import Follow, User


class FollowItem(serializers.ModelSerializer):
    followed_id = serializers.IntegerField()

    class Meta:
        model = Follow
        fields = ["follower_id", "followed_id", "created_at"]


class StatusQuery(serializers.Serializer):
    user_id = serializers.IntegerField()


class FollowsView(APIView):
    def post(self, request: Request) -> Response:
        """Answers 201, or 200 with the row that was there."""
        asked = FollowItem(data=request.data)
        asked.is_valid(raise_exception=True)
        followed_id = asked.validated_data["followed_id"]
        if followed_id == request.user.pk:
            raise serializers.ValidationError(
                {"followed_id": ["Cannot follow yourself"]}
            )
        followed = get_object_or_404(User, pk=followed_id, is_active=True)
        follow, created = Follow.objects.get_or_create(
            follower=request.user, followed=followed
        )
        return Response(
            FollowItem(follow).data,
            status.HTTP_201_CREATED if created else status.HTTP_200_OK,
        )


class FollowView(APIView):
    def delete(self, request: Request, user_id: int) -> Response:
        """Answers 204, also if the reader does not follow the user."""
        Follow.objects.filter(follower=request.user, followed=user_id).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class FollowStatusView(APIView):
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        """Answers whether the reader follows the user; an anonymous one follows nobody."""
        asked = StatusQuery(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        followed = get_object_or_404(User, pk=asked.validated_data["user_id"])
        is_following = (
            request.user.is_authenticated
            and Follow.objects.filter(follower=request.user, followed=followed).exists()
        )
        return Response({"is_following": is_following, "followed_user_id": followed.pk})
