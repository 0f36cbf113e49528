"""Names the app for Django and puts its layers on the catalogue."""

from django.apps import AppConfig


class SitingConfig(AppConfig):
    name = "siting"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the layers computed from what residents ask for, the town's own, candidates, and what was found."""
        from geo import catalog
        from siting.layers import candidate_layers, demand_layers, kept_layers, town_layers
        from siting.study_layers import study_layers

        for provider in (demand_layers, town_layers, candidate_layers, kept_layers, study_layers):
            catalog.register(provider)
