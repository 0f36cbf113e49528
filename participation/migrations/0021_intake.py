"""What came without an account and can be claimed: answers and comments too; a comment that is being written is kept."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("participation", "0020_api"),
    ]

    operations = [
        migrations.AlterField(
            model_name="draft",
            name="kind",
            field=models.CharField(
                choices=[("proposal", "Proposal"), ("ballot", "Ballot"), ("form", "Form"), ("comment", "Comment")],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.CheckConstraint(
                condition=models.Q(("nearby_radius_m__gte", 10), ("nearby_radius_m__lte", 5000)),
                name="project_near_within_bounds",
            ),
        ),
        migrations.AlterField(
            model_name="claim",
            name="proposal",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="claim",
                to="participation.proposal",
            ),
        ),
        migrations.AddField(
            model_name="claim",
            name="sheet",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="claim",
                to="participation.answersheet",
            ),
        ),
        migrations.AddField(
            model_name="claim",
            name="comment",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="claim",
                to="participation.comment",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("comment__isnull", True), ("proposal__isnull", False), ("sheet__isnull", True)),
                    models.Q(("comment__isnull", True), ("proposal__isnull", True), ("sheet__isnull", False)),
                    models.Q(("comment__isnull", False), ("proposal__isnull", True), ("sheet__isnull", True)),
                    _connector="OR",
                ),
                name="claim_of_one_thing",
            ),
        ),
    ]
