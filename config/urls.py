"""All addresses of the installation."""

from allauth.account import views as allauth
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from config import api, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("", include("participation.urls")),
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
    path("account/factor/", mfa.index, name="mfa_index"),
    path("account/factor/show/", mfa.authenticate, name="mfa_authenticate"),
    path("account/factor/again/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("account/factor/again/passkey/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("account/factor/app/", totp.activate_totp, name="mfa_activate_totp"),
    path("account/factor/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/factor/passkeys/", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("account/factor/passkeys/add/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("account/factor/passkeys/<int:pk>/remove/", passkeys.remove_webauthn, name="mfa_remove_webauthn"),
    path("account/factor/codes/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/factor/codes/new/", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("language/", include("django.conf.urls.i18n")),
    path("outbox/", views.outbox, name="outbox"),
    path("style/", views.style, name="style"),
    path(".well-known/security.txt", views.security_txt, name="security_txt"),
    path("api/v1/openapi.json", api.openapi, name="api_openapi"),
    path("api/v1/docs", api.docs, name="api_docs"),
    path("api/v1/", RedirectView.as_view(pattern_name="api_docs"), name="api"),
    path("api/v1/", include(api.addresses)),
    re_path(r"^api/(?P<rest>[\s\S]*)$", api.nowhere, name="api_nowhere"),
    path("", include("siting.urls")),
    path("", include("geo.urls")),
]
