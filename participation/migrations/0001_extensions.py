"""Switch on what the tables need: PostGIS, trigrams for likeness, unaccent for folding accents."""

from django.contrib.postgres.operations import CreateExtension, TrigramExtension, UnaccentExtension
from django.db import migrations


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [CreateExtension("postgis"), TrigramExtension(), UnaccentExtension()]
