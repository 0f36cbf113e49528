"""Names the app for Django and puts its layers on the catalogue."""

from django.apps import AppConfig


class ParticipationConfig(AppConfig):
    name = "participation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the public layers."""
        from geo import catalog
        from participation.selectors.layers import public_layers

        catalog.register(public_layers)
