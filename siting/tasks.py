"""What happens at the siting desk without anybody waiting for it."""

from datetime import UTC, datetime

from procrastinate.contrib.django import app

from siting.services.kept import carry_out
from siting.services.layers import forget_old_drafts


@app.periodic(cron="17 * * * *")
@app.task(queueing_lock="forget_old_drafts")
def forget_drafts(timestamp: int) -> None:
    """Delete the layers that were uploaded and never put to use."""
    forget_old_drafts(now=datetime.fromtimestamp(timestamp, UTC))


@app.task
def group_by_density(run_id: int) -> None:
    """Group the pins of a project as asked."""
    carry_out(run_id=run_id)
