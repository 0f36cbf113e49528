"""What happens without anybody waiting for it: votes are counted when their time is over, and mails are sent.

A worker (``manage.py procrastinate worker``) runs these; any number of workers may, on any machine.
"""

import time
from datetime import UTC, datetime

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from participation.selectors.webhooks import due_webhooks
from participation.services import (
    answer_files,
    answer_mails,
    author_mails,
    drafts,
    exports,
    merge_mails,
    notices,
    photos,
)
from participation.services.importing.desk import forget_drafts
from participation.services.pace import forget_requests
from participation.services.people import forget_old_sessions
from participation.services.reminders import remind_all
from participation.services.voting import close_due_votes
from participation.services.webhooks import forget_deliveries, have_sent, send_waiting


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="close_due_votes")
def close_due(timestamp: int) -> None:
    """Count every vote whose time is over; the database's clock says which."""
    close_due_votes()


@app.task(retry=RetryStrategy(max_attempts=8, exponential_wait=4))
def mail_answers(people: list[int], responses: list[int], base_url: str) -> None:
    """Tell these people what the town answered; enqueued with the answers (services.responses)."""
    answer_mails.mail_answers(people=people, responses=responses, base_url=base_url)


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="remind_of_ballots")
def remind_of_ballots(timestamp: int) -> None:
    """Remind whoever began a ballot and did not cast it; the database's clock says when."""
    remind_all()


@app.periodic(cron="17 * * * *")
@app.task(queueing_lock="forget_requests")
def forget_old_requests(timestamp: int) -> None:
    """Forget how often programs asked, and what was answered a day ago."""
    forget_requests()


@app.task
def tell_of_paper_ballot(person: int, phase: int, at: str, url: str) -> None:
    """Tell somebody that a ballot on paper was typed in for them."""
    notices.tell_of_ballot_on_paper(person_id=person, phase_id=phase, at=datetime.fromisoformat(at), url=url)


@app.task(retry=RetryStrategy(max_attempts=8, exponential_wait=4))
def tell_of_merge(merge: int, people: list[int], undone: bool, base_url: str) -> None:
    """Tell these people that proposals were joined, or that it was undone (services.merging)."""
    merge_mails.tell_of_merge(merge_id=merge, people=people, undone=undone, base_url=base_url)


@app.task(retry=RetryStrategy(max_attempts=8, exponential_wait=4))
def send_author_mail(mail: int, base_url: str) -> None:
    """Mail what staff wrote to the author of a proposal (services.moderation)."""
    author_mails.send_author_mail(mail_id=mail, base_url=base_url)


@app.task(retry=RetryStrategy(max_attempts=8, exponential_wait=4))
def tell_of_handing_over(proposal: int, to: int, by: int, base_url: str) -> None:
    """Tell a colleague that a proposal was handed to them (services.moderation)."""
    notices.tell_of_handing_over(proposal_id=proposal, to_id=to, by_id=by, base_url=base_url)


@app.periodic(cron="17 3 * * *")
@app.task(queueing_lock="sweep_photos")
def sweep_photos(timestamp: int) -> None:
    """Delete the files of photos and answers that nobody kept."""
    photos.sweep(now=datetime.fromtimestamp(timestamp, UTC))
    answer_files.sweep(now=datetime.fromtimestamp(timestamp, UTC))


@app.periodic(cron="25 3 * * *")
@app.task(queueing_lock="forget_old_drafts")
def forget_old_drafts(timestamp: int) -> None:
    """Forget what was begun and not touched for half a year."""
    drafts.forget_old(now=datetime.fromtimestamp(timestamp, UTC))


@app.periodic(cron="30 3 * * *")
@app.task(queueing_lock="forget_old_sessions")
def forget_sessions(timestamp: int) -> None:
    """Forget the sessions whose time is over."""
    forget_old_sessions()


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="send_webhooks")
def send_webhooks(timestamp: int) -> None:
    """Have the messages sent that wait for other programs: those of the last minute, and those to be tried again."""
    for key in due_webhooks(timezone.now()):
        have_sent(key)


@app.task
def send_webhook(key: int) -> None:
    """Send what waits for one webhook; each has a job of its own, so that a slow receiver holds up no other."""
    send_waiting(key, clock=timezone.now, wall=time.time)


@app.periodic(cron="45 3 * * *")
@app.task(queueing_lock="forget_webhooks")
def forget_old_deliveries(timestamp: int) -> None:
    """Forget the messages to other programs that were sent long ago."""
    forget_deliveries(datetime.fromtimestamp(timestamp, UTC))


@app.task(name=exports.MAKE_EXPORT)
def make_export(pk: int) -> None:
    """Write a file that somebody asked for."""
    exports.make_export(pk=pk)


@app.periodic(cron="27 * * * *")
@app.task(queueing_lock="forget_exports")
def forget_exports(timestamp: int) -> None:
    """Delete the files whose day is over."""
    exports.forget_exports(now=datetime.fromtimestamp(timestamp, UTC))


@app.periodic(cron="37 * * * *")
@app.task(queueing_lock="forget_imports")
def forget_imports(timestamp: int) -> None:
    """Forget the files of proposals that were uploaded and never taken in."""
    forget_drafts(now=datetime.fromtimestamp(timestamp, UTC))


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="take_up_jobs")
async def take_up_jobs(timestamp: int) -> None:
    """Put the jobs of workers that were killed back into the queue: until then their locks hold others up.

    Each task finds out by itself whether there is still something to do.
    """
    for job in await app.job_manager.get_stalled_jobs():
        await app.job_manager.retry_job(job)
