"""users/{id}/profile/ for everybody, users/me/privacy-settings/ for the reader."""

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.generics import RetrieveAPIView, RetrieveUpdateAPIView
from rest_framework.permissions import AllowAny

from users.models import PrivacySettings, Profile


class PublicProfile(serializers.ModelSerializer):
    username = serializers.CharField(source="user.username")
    bio = serializers.CharField(source="user.bio")
    profile_picture_url = serializers.ImageField(source="profile_picture")

    class Meta:
        model = Profile
        fields = ["id", "user_id", "username", "name", "bio", "profile_picture_url"]


class ProfileView(RetrieveAPIView):
    """Answers 404 for an unknown user and for an inactive one, which counts as deleted."""

    permission_classes = [AllowAny]
    serializer_class = PublicProfile
    queryset = Profile.objects.filter(user__is_active=True).select_related("user")
    lookup_field = "user_id"


class Permissions(serializers.ModelSerializer):
    class Meta:
        model = PrivacySettings
        fields = ["allow_email_contact"]


class PrivacySettingsView(RetrieveUpdateAPIView):
    serializer_class = Permissions
    http_method_names = ["get", "patch", "head", "options"]

    def get_object(self) -> PrivacySettings:
        return get_object_or_404(PrivacySettings, user=self.request.user)
