"""Names the app for Django and puts its layers on the catalogue."""

from django.apps import AppConfig


class ParticipationConfig(AppConfig):
    name = "participation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the public layers, who watches what leaves of them, and what happens when somebody signs in."""
        from allauth.mfa.signals import authenticator_added
        from django.contrib.auth.signals import user_logged_in

        from geo import catalog
        from geo.ogc import answers
        from participation.selectors.answer_layers import staff_layers
        from participation.selectors.layers import public_layers
        from participation.web.drafts import adopt
        from participation.web.second_factor import shown_by_setting_up
        from participation.web.taken import layer_leaves

        catalog.register(public_layers)
        catalog.register(staff_layers)
        answers.watch(layer_leaves)
        user_logged_in.connect(adopt, dispatch_uid="participation.adopt_drafts")
        authenticator_added.connect(shown_by_setting_up, dispatch_uid="participation.factor_shown")
