"""Names the app for Django and puts its layers on the catalogue."""

from django.apps import AppConfig


class SitingConfig(AppConfig):
    name = "siting"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the layers computed from what residents ask for, the town's own, and the candidates."""
        from geo import catalog
        from siting.layers import candidate_layers, demand_layers, town_layers

        catalog.register(demand_layers)
        catalog.register(town_layers)
        catalog.register(candidate_layers)
