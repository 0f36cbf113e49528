"""What a worker does for planners, because it takes longer than a page may."""

from procrastinate.contrib.django import app

from siting.services.kept import carry_out


@app.task
def group_by_density(run_id: int) -> None:
    """Group the pins of a project as asked."""
    carry_out(run_id=run_id)
