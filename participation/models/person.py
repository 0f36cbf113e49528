"""Who someone is: one account an installation, one membership a municipality."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from participation.models.organisation import Organisation
from participation.rules.electorate import VerifiedBy
from participation.rules.roles import Role
from participation.rules.wording import PUBLIC_NAME_MAX


class PersonManager(BaseUserManager["Person"]):
    """Makes people known by their mail address; nobody has a password unless set later."""

    def create_user(self, email: str, **fields: Any) -> "Person":
        """Create a person without a usable password."""
        person = self.model(email=self.normalize_email(email).lower(), **fields)
        person.set_unusable_password()
        person.save(using=self._db)
        return person

    def create_without_mail(self) -> "Person":
        """Create a person who votes on paper or by letter alone, and cannot sign in."""
        person = self.model()
        person.set_unusable_password()
        person.save(using=self._db)
        return person


class Person(AbstractBaseUser):
    """Someone with an account, known by mail address, shown by a public name of their choice.

    Who votes on paper or with the code of a letter alone has no mail address, and cannot sign in.
    """

    email = models.EmailField(_("mail address"), unique=True, null=True, blank=True)
    public_name = models.CharField(_("name others see"), max_length=PUBLIC_NAME_MAX, blank=True)
    language = models.CharField(max_length=7, default="nl")
    is_active = models.BooleanField(default=True)
    reminders = models.BooleanField(default=True, help_text=_("Mails that remind of a ballot begun and not cast"))
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    objects: ClassVar[PersonManager] = PersonManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="person_email_once")]

    def __str__(self) -> str:
        return self.public_name or f"#{self.pk}"


class Membership(models.Model):
    """What a person is in one municipality, and whether the town verified that they live there.

    ``roll_key`` is a keyed hash of name and day of birth, so that one resident is one person over all channels.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=[(role.value, role.value) for role in Role])
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_by = models.CharField(max_length=10, blank=True, choices=[(by.value, by.value) for by in VerifiedBy])
    born_on = models.DateField(null=True, blank=True)
    roll_key = models.BinaryField(max_length=32, null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "person"], name="membership_once"),
            models.UniqueConstraint(fields=["organisation", "roll_key"], name="roll_key_once"),
            models.CheckConstraint(
                condition=Q(verified_at__isnull=True, verified_by="")
                | Q(verified_at__isnull=False) & ~Q(verified_by=""),
                name="membership_says_how_verified",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.role}"
