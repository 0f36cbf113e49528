"""Keeps what a pabulib file says beside what our tables hold, so that it goes out as it came in."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("participation", "0003_voters"),
    ]

    operations = [
        migrations.AddField(
            model_name="person",
            name="reminders",
            field=models.BooleanField(default=True, help_text="Mails that remind of a ballot begun and not cast"),
        ),
        migrations.AddField(
            model_name="ballot",
            name="source",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="project",
            name="source",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="proposal",
            name="source",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
    ]
