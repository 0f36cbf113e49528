"""Why a document is not taken."""


class Unreadable(Exception):  # noqa: N818 -- an answer about what was given
    """A document that cannot be copied: damaged, cut off, or made to hurt who opens it."""


class Locked(Unreadable):
    """A document that a password, or a wish of its maker, keeps closed."""
