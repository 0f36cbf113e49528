"""Names the app for Django."""

from django.apps import AppConfig


class SitingConfig(AppConfig):
    name = "siting"
    default_auto_field = "django.db.models.BigAutoField"
