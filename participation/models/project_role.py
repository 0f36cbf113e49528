"""What a person is in one project of a town, beside what they are in the whole of it."""

from django.db import models
from django.db.models import Q

from participation.models.person import Person
from participation.models.project import Project
from participation.rules.roles import STAFF


class ProjectRole(models.Model):
    """Somebody works along in one project: there they may what the role lets them, elsewhere they are a stranger."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="roles")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="project_roles")
    role = models.CharField(max_length=20, choices=[(role.value, role.value) for role in STAFF])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "person"], name="project_role_once"),
            models.CheckConstraint(condition=Q(role__in=[role.value for role in STAFF]), name="project_role_of_staff"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id}: {self.person} {self.role}"
