"""What is asked of places: shapes, zones, an inventory; exact places apart from what everybody sees."""

import django.contrib.gis.db.models.fields
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

import participation.models.project


class Migration(migrations.Migration):
    dependencies = [
        ("participation", "0010_forms"),
    ]

    operations = [
        migrations.AddField(
            model_name="organisation",
            name="resident_codes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=20),
                blank=True,
                default=list,
                help_text="Postcodes or codes of municipalities by which an identity is that of a resident",
                size=None,
            ),
        ),
        migrations.CreateModel(
            name="ExactPlace",
            fields=[
                (
                    "proposal",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="exact",
                        serialize=False,
                        to="participation.proposal",
                    ),
                ),
                ("place", django.contrib.gis.db.models.fields.GeometryField(spatial_index=False, srid=4326)),
            ],
        ),
        migrations.CreateModel(
            name="InventoryObject",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("key", models.CharField(max_length=100)),
                ("name", models.CharField(max_length=120)),
                ("owner", models.CharField(blank=True, max_length=120)),
                (
                    "permission",
                    models.CharField(
                        choices=[
                            ("unknown", "the owner was not asked yet"),
                            ("asked", "the owner was asked"),
                            ("given", "the owner agrees"),
                            ("refused", "the owner does not agree"),
                        ],
                        default="unknown",
                        max_length=10,
                    ),
                ),
                ("place", django.contrib.gis.db.models.fields.GeometryField(srid=4326)),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="Zone",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("free", "free"), ("barred", "barred"), ("reason", "reason"), ("look", "look")],
                        max_length=10,
                    ),
                ),
                ("name", models.JSONField(default=dict)),
                ("why", models.JSONField(blank=True, default=dict)),
                ("outline", django.contrib.gis.db.models.fields.MultiPolygonField(srid=4326)),
            ],
            options={
                "ordering": ["position", "pk"],
            },
        ),
        migrations.AddField(
            model_name="project",
            name="blur_m",
            field=models.PositiveIntegerField(
                blank=True, help_text="How far a public place may lie from the exact one, in metres", null=True
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="from_inventory",
            field=models.BooleanField(default=False, help_text="Only objects of the inventory may be proposed"),
        ),
        migrations.AddField(
            model_name="project",
            name="per_object",
            field=models.PositiveSmallIntegerField(
                blank=True, default=1, help_text="How often one object may be proposed", null=True
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="place_optional",
            field=models.BooleanField(default=False, help_text="A proposal may come without a place"),
        ),
        migrations.AddField(
            model_name="project",
            name="shapes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[("point", "point"), ("points", "points"), ("line", "line"), ("area", "area")],
                    max_length=10,
                ),
                default=participation.models.project._a_spot,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="proposal",
            name="shape",
            field=django.contrib.gis.db.models.fields.GeometryField(
                blank=True, null=True, spatial_index=False, srid=4326
            ),
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.CheckConstraint(
                condition=models.Q(("from_inventory", False), ("blur_m__isnull", True), _connector="OR"),
                name="project_blurs_no_objects",
            ),
        ),
        migrations.AddField(
            model_name="inventoryobject",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="inventory", to="participation.project"
            ),
        ),
        migrations.AddField(
            model_name="proposal",
            name="inventory_object",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="proposals",
                to="participation.inventoryobject",
            ),
        ),
        migrations.AddIndex(
            model_name="proposal",
            index=django.contrib.postgres.indexes.GistIndex(
                condition=models.Q(("shape__isnull", False)), fields=["shape"], name="proposal_shape"
            ),
        ),
        migrations.AddField(
            model_name="zone",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="zones", to="participation.project"
            ),
        ),
        migrations.AddConstraint(
            model_name="inventoryobject",
            constraint=models.UniqueConstraint(fields=("project", "number"), name="inventory_number_once"),
        ),
        migrations.AddConstraint(
            model_name="inventoryobject",
            constraint=models.UniqueConstraint(fields=("project", "key"), name="inventory_key_once"),
        ),
        migrations.AddConstraint(
            model_name="zone",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "barred"), _negated=True), models.Q(("why", {}), _negated=True), _connector="OR"
                ),
                name="zone_barred_says_why",
            ),
        ),
    ]
