"""The audit trail of one thing, and what was new last, found at once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("participation", "0017_people")]

    operations = [
        migrations.AddIndex(
            model_name="record",
            index=models.Index(fields=["project", "subject", "-at"], name="record_about"),
        ),
        migrations.AddIndex(
            model_name="record",
            index=models.Index(
                condition=models.Q(act__in=("proposal.published", "answers.published")),
                fields=["project", "-at", "-id"],
                name="record_news",
            ),
        ),
    ]
