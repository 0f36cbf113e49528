"""Makes people known."""

from participation.models import Person
from participation.rules.wording import cleaned


def known_person(*, email: str, language: str) -> Person:
    """Find or make the person with this mail address.

    Locks    none; two requests at once meet in the unique address, and the second finds the first's row.
    """
    person, _created = Person.objects.get_or_create(email=email, defaults={"language": language})
    return person


def rename(person: Person, *, public_name: str) -> None:
    """Change the name others see."""
    person.public_name = cleaned(public_name)[:60]
    person.save(update_fields=["public_name"])
