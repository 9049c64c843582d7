"""Every route of the backend.

The API answers under /api/v1/ and, as the milestone documents write it, under /api/.
"""

from django.conf import settings
from django.conf.urls.static import static
from django.urls import include, path

from flyers.api.favorites import FavoritesView, FavoriteView
from flyers.api.feed import FeedView
from pockitflyer import row_id  # noqa: F401  (registers `row_id`)
from users.api.auth import LoginView, RegisterView
from users.api.follows import FollowStatusView, FollowsView, FollowView
from users.api.profiles import PrivacySettingsView, ProfileView

api = [
    path("auth/login/", LoginView.as_view()),
    path("auth/register/", RegisterView.as_view()),
    path("favorites/", FavoritesView.as_view()),
    path("favorites/<row_id:flyer_id>/", FavoriteView.as_view()),
    path("flyers/feed/", FeedView.as_view()),
    path("follows/", FollowsView.as_view()),
    path("follows/status/", FollowStatusView.as_view()),
    path("follows/<row_id:user_id>/", FollowView.as_view()),
    path("users/<row_id:user_id>/profile/", ProfileView.as_view()),
    path("users/me/privacy-settings/", PrivacySettingsView.as_view()),
]

urlpatterns = [
    path("api/v1/", include(api)),
    path("api/", include(api)),
    # Routes to the pictures in DEBUG only; elsewhere the web server hands them out.
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
]
