"""POST auth/login/ and auth/register/: a token for an email and a password."""

from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.models import update_last_login
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.authentication import JWTAuthentication

from users.accounts import EmailTaken, register, stored_email
from users.models import User
from users.tokens import access_token


class Credentials(serializers.Serializer):
    email = serializers.CharField()
    password = serializers.CharField(trim_whitespace=False)


class Registration(serializers.Serializer):
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(trim_whitespace=False, max_length=128)
    display_name = serializers.CharField(max_length=50, required=False)

    def validate_password(self, password: str) -> str:
        try:
            validate_password(password)
        except ValidationError as error:
            raise serializers.ValidationError(error.messages) from error
        return password


class Duplicate(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = "An account with this email exists."
    default_code = "duplicate_email"


class OpenView(APIView):
    """Ignores a token: whoever holds an expired one comes here for another."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def get_authenticate_header(self, request: Request) -> str:
        # Without a header name, refused credentials would be 403.
        return JWTAuthentication().authenticate_header(request)


class LoginView(OpenView):
    def post(self, request: Request) -> Response:
        """Answers the same 401 to a wrong password, an unknown and an inactive account."""
        asked = Credentials(data=request.data)
        asked.is_valid(raise_exception=True)
        user = authenticate(
            request,
            email=stored_email(asked.validated_data["email"]),
            password=asked.validated_data["password"],
        )
        if user is None:
            raise AuthenticationFailed(
                "No active account has this email and password.", "no_active_account"
            )
        update_last_login(None, user)
        return Response(session(user))


class RegisterView(OpenView):
    def post(self, request: Request) -> Response:
        asked = Registration(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        try:
            user = register(
                email=given["email"],
                password=given["password"],
                name=given.get("display_name"),
            )
        except EmailTaken as error:
            raise Duplicate from error
        return Response(session(user), status.HTTP_201_CREATED)


def session(user: User) -> dict[str, Any]:
    profile = getattr(user, "profile", None)
    return {
        "token": str(access_token(user)),
        "user_id": user.pk,
        "profile_id": profile and profile.pk,
    }
