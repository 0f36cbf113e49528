"""All addresses of the installation."""

from allauth.account import views as allauth
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from config import api, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    # Of allauth only the road by code: no passwords, no sign-up form.
    path(
        "account/login/",
        RedirectView.as_view(pattern_name="account_request_login_code", query_string=True),
        name="account_login",
    ),
    path("account/login/code/", allauth.request_login_code, name="account_request_login_code"),
    path("account/login/code/confirm/", allauth.confirm_login_code, name="account_confirm_login_code"),
    path("account/logout/", allauth.logout, name="account_logout"),
    path("account/inactive/", allauth.account_inactive, name="account_inactive"),
    path("language/", include("django.conf.urls.i18n")),
    path("outbox/", views.outbox, name="outbox"),
    path("style/", views.style, name="style"),
    path(".well-known/security.txt", views.security_txt, name="security_txt"),
    path("api/v1/openapi.json", api.openapi, name="api_openapi"),
    path("api/v1/docs", api.docs, name="api_docs"),
    path("api/v1/", RedirectView.as_view(pattern_name="api_docs"), name="api"),
    path("api/v1/", include(api.addresses)),
    re_path(r"^api/(?P<rest>[\s\S]*)$", api.nowhere, name="api_nowhere"),
    path("", include("participation.urls")),
    path("", include("siting.urls")),
    path("", include("geo.urls")),
]
