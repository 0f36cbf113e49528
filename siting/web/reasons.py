"""Sentences a town says often when it decides: a start, to be made one's own."""

from django.utils.translation import gettext_noop

# By name: for which outcome it is meant, and the words. No "we promise": what is written here is mailed to people.
REASONS = {
    "build_wanted": ("build", gettext_noop("This place will come: many people asked for it, and everything fits.")),
    "build_spread": ("build", gettext_noop("This place will come, so that each village has one.")),
    "later_turn": ("later", gettext_noop("Other places were asked for more. This one stays on the list.")),
    "later_grid": ("later", gettext_noop("The electricity grid here is not strong enough yet. We look again later.")),
    "not_near": ("not", gettext_noop("There is one nearby already, or one will come there.")),
    "not_ground": ("not", gettext_noop("The ground is not the town's, and its owner does not agree.")),
    "not_narrow": ("not", gettext_noop("There is too little room: wheelchairs and prams could no longer pass.")),
    "not_heritage": ("not", gettext_noop("The place is protected heritage, and the advice was negative.")),
}
# What is said to everyone concerned when a place has come further.
TOLD = {
    "planned": gettext_noop("It is planned."),
    "building": gettext_noop("It is being built now."),
    "built": gettext_noop("It is there: it was built."),
    "gone": gettext_noop("It is not there any more."),
}
