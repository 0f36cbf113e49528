"""What happens without anybody asking: votes are counted when their time is over.

A worker (``manage.py procrastinate worker``) runs these; any number of workers may, on any machine.
"""

from procrastinate.contrib.django import app

from participation.services.voting import close_due_votes


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="close_due_votes")
def close_due(timestamp: int) -> None:
    """Count every vote whose time is over; the database's clock says which."""
    close_due_votes()
