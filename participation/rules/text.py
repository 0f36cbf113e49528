"""Texts of the town are {language: text}; this says which one a reader gets."""

from collections.abc import Mapping

FALLBACKS = ("nl", "en", "fr", "de")


def in_language(text: Mapping[str, str], language: str) -> str:
    """Pick the text for a reader's language, else the first there is in Dutch, English, French, German."""
    wanted = language.partition("-")[0]
    for choice in (wanted, *FALLBACKS):
        if text.get(choice):
            return text[choice]
    return next(iter(text.values()), "")
