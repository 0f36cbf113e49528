"""A token may be made for deciding and for setting up as well."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("participation", "0019_import_kinds")]

    operations = [
        migrations.AlterField(
            model_name="token",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("read", "read"),
                        ("contribute", "contribute"),
                        ("vote", "vote"),
                        ("moderate", "moderate"),
                        ("decide", "decide"),
                        ("set_up", "set_up"),
                    ],
                    max_length=12,
                ),
                size=None,
            ),
        )
    ]
