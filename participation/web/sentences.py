"""One plain sentence for every refusal code, in the reader's language, and its HTTP status."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.formats import date_format, number_format
from django.utils.timezone import localdate, localtime
from django.utils.translation import get_language, get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from participation.rules.refusals import Code, Refused
from participation.rules.text import in_language

# So many days ahead the name of the day says enough; the same name a week later would not.
DAYS_BY_NAME = 7

SENTENCES = {
    Code.SIGN_IN_FIRST: _("Sign in first. What you filled in is kept."),
    Code.NOT_STAFF: _("Only staff of the town with the right role can do this."),
    Code.SECOND_FACTOR: _("Your town asks staff for a second factor. Show yours in the pages first, or use a token."),
    Code.PROPOSALS_NOT_OPEN: _("You cannot propose anything in this project now."),
    Code.PROPOSALS_OPEN_LATER: _("You can propose something from %(opens_at)s."),
    Code.PROPOSALS_OVER: _("You could propose something until %(closed_at)s."),
    Code.PROPOSAL_NOT_FOUND: _("There is no proposal %(number)s in this project."),
    Code.PROPOSAL_NOT_PUBLIC: _("This proposal is not public, so you cannot support it or put it on the ballot."),
    Code.PIN_MISSING: _("Say where it should come: a place name, coordinates, or a spot on the map."),
    Code.PIN_NOT_A_POINT: _("This is not one spot. Give one point."),
    Code.PIN_NOT_A_NUMBER: _("“%(text)s” is not a coordinate. Write a number, such as 50.8553."),
    Code.PIN_AT_ZERO: _("The coordinates are 0 and 0. That is in the sea near Africa, so something went wrong."),
    Code.PIN_OUTSIDE_WORLD: _("These coordinates do not exist: longitude %(lon)s, latitude %(lat)s."),
    Code.PIN_OUTSIDE_AREA: _("This place lies %(metres)s outside the area of this project. Choose a place inside it."),
    Code.PIN_PLACE_UNKNOWN: _("We know no place called “%(text)s”. Try another name, or coordinates."),
    Code.SETUP_INVENTORY_EMPTY: _("Upload the objects of the inventory, or let people propose any place."),
    Code.PLACE_SHAPE_NOT_ASKED: _("This project does not ask for that kind of place."),
    Code.PLACE_TOO_FEW_SPOTS: _("This needs %(least)s different spots; there are %(n)s. Add more."),
    Code.PLACE_TOO_MANY_SPOTS: _("At most %(max)s spots are possible. Leave some out."),
    Code.PLACE_CROSSES_ITSELF: _("The border of your area crosses itself. Take a spot away, or put them in order."),
    Code.PLACE_UNREADABLE: _("This shape cannot be read. Give a point, points, a line, or an area without holes."),
    Code.PLACE_PART_OUTSIDE: _("Part of it lies outside the area of this project. Move that part inside."),
    Code.PLACE_NO_SHAPE: _("Tick at least one kind of place that can be proposed."),
    Code.PLACE_BLUR_BAD: _("Say how far off places are shown: between %(least)s and %(most)s metres."),
    Code.PLACE_PER_OBJECT_BAD: _("Say how often one object may be proposed: 1 to %(max)s times, or leave it empty."),
    Code.PLACE_NEAR_BAD: _("Say within how many metres something is near: %(least)s to %(most)s."),
    Code.PLACE_BLURRED_OBJECTS: _(
        "Objects of an inventory stand where everybody sees them, so their places cannot be shown roughly."
    ),
    Code.PLACE_SETTING_HOLDS: _("There are proposals already that do not fit this. Leave that setting as it is."),
    Code.ZONE_BARRED: _("In “%(name)s” nothing can come: “%(why)s” Choose another place."),
    Code.ZONE_REASON_MISSING: _("This place lies in “%(name)s”. Here you must say why; fill in “Why here?”."),
    Code.ZONE_NAME_MISSING: _("Give the zone a name of at most %(max)s characters."),
    Code.ZONE_WHY_MISSING: _("Say why nothing can come there. Residents read it."),
    Code.ZONE_UNKNOWN: _("This zone is no longer there."),
    Code.OBJECT_NOT_CHOSEN: _("Choose one of the objects on the list: only these can be proposed here."),
    Code.OBJECT_UNKNOWN: _("There is no object %(number)s in this project."),
    Code.OBJECT_NO_PERMISSION: _("The owner of “%(name)s” does not agree. Choose another one."),
    Code.OBJECT_TAKEN: _("“%(name)s” was proposed already. Support that proposal, or choose another one."),
    Code.OBJECT_NONE_IN_FILE: _("The file holds no object with a place inside the area of this project."),
    Code.OBJECT_IN_USE: _("“%(name)s” has proposals, so it stays on the list."),
    Code.IDENTITY_FAILED: _("%(name)s did not answer as it should. Try again, or sign in with a code by mail."),
    Code.IDENTITY_OF_ANOTHER: _("This identity belongs to another account here. Sign in to that one."),
    Code.IDENTITY_NO_MAIL: _(
        "We got no confirmed mail address. Sign in with a code by mail first, then verify yourself on “What is mine”."
    ),
    Code.IDENTITY_MAIL_KNOWN: _(
        "There is an account with your mail address already. Sign in to it with a code by mail first, then verify"
        " yourself on “What is mine”."
    ),
    Code.TITLE_MISSING: _("Give it a title, so that others know what it is about."),
    Code.TITLE_TOO_LONG: _("The title is too long: %(length)s characters. At most %(max)s are possible."),
    Code.BODY_TOO_LONG: _("The text is too long: %(length)s characters. At most %(max)s are possible."),
    Code.THEME_UNKNOWN: _("There is no theme “%(theme)s” in this project."),
    Code.SUPPORT_NOT_OPEN: _("You cannot support proposals in this project now."),
    Code.SUPPORT_OPENS_LATER: _("You can support proposals from %(opens_at)s."),
    Code.SUPPORT_OVER: _("You could support proposals until %(closed_at)s."),
    Code.COMMENT_NOT_OPEN: _("You cannot comment in this project now."),
    Code.COMMENT_OPENS_LATER: _("You can comment from %(opens_at)s."),
    Code.COMMENT_OVER: _("You could comment until %(closed_at)s."),
    Code.ANSWER_NOT_OPEN: _("You cannot answer questions in this project now."),
    Code.ANSWER_OPENS_LATER: _("You can answer the questions from %(opens_at)s."),
    Code.ANSWER_OVER: _("You could answer the questions until %(closed_at)s."),
    Code.REPORT_NOT_OPEN: _("You cannot report anything in this project now. Write to the town."),
    Code.REPORT_OPENS_LATER: _("You can report something from %(opens_at)s."),
    Code.REPORT_OVER: _("You could report something until %(closed_at)s. Write to the town."),
    Code.FOLLOW_NOT_OPEN: _("You cannot follow this project now."),
    Code.FOLLOW_OPENS_LATER: _("You can follow this project from %(opens_at)s."),
    Code.FOLLOW_OVER: _("You could follow this project until %(closed_at)s."),
    Code.ACCESS_NO_MAIL: _("For this you need an account with a mail address."),
    Code.ACCESS_NOT_VERIFIED: _(
        "Only residents whom the town verified can do this here. Ask the town to verify you: it asks your name and"
        " date of birth."
    ),
    Code.ACCESS_LEVEL_BAD: _("“%(act)s” cannot be set to “%(level)s”."),
    Code.CLAIM_UNKNOWN: _("We do not know this link. Copy all of it, up to its last sign."),
    Code.CLAIM_USED: _(
        "Somebody used this link already to make the contribution theirs. Was that not you? Tell the town."
    ),
    Code.CLAIM_ANSWERED_ALREADY: _(
        "You answered this form with your account already, and there is one for each person. Change your own answers"
        " instead; those of the link stay as they are."
    ),
    Code.INVITATION_UNKNOWN: _("We do not know this invitation. Copy the whole link from the mail."),
    Code.INVITATION_USED: _("This invitation was used already. It is good once. Ask the town for a new one."),
    Code.INVITATION_EXPIRED: _("This invitation was good until %(expires_at)s. Ask the town for a new one."),
    Code.INVITATION_WITHDRAWN: _("The town took this invitation back."),
    Code.INVITATION_OTHER_ADDRESS: _(
        "This invitation is for another mail address. Sign in with the one it was sent to."
    ),
    Code.INVITATION_STAFF_ALREADY: _("%(email)s has a role in this town already. Change it in the list."),
    Code.STAFF_UNKNOWN: _("This person has no role in this town."),
    Code.STAFF_LAST_MANAGER: _("A town needs at least one manager. Make somebody else manager first."),
    Code.STAFF_ROLE_BAD: _("Choose one of the roles of the list."),
    Code.SETUP_TEXT_MISSING: _("Fill in “%(what)s” in %(language)s: it is the first language of the town."),
    Code.SETUP_AREA_MISSING: _(
        "Choose the area: the whole town, neighbourhoods, a drawing, a file, or no place at all."
    ),
    Code.SETUP_NO_PHASES: _("Give the project at least one phase with a date."),
    Code.SETUP_PHASE_BACKWARDS: _("“%(name)s” ends before it begins."),
    Code.SETUP_PHASE_UNKNOWN: _("This phase is not there any more. Load the page again."),
    Code.SETUP_PHASE_BEGUN: _("“%(name)s” has begun, so it stays and its beginning stays as it is."),
    Code.SETUP_PHASE_OPEN_ENDED: _("“%(name)s” ends a vote, and moving that needs two officers: use the page “Vote”."),
    Code.SETUP_TOO_MANY: _("At most %(max)s are possible here."),
    Code.SETUP_THEME_IN_USE: _("“%(name)s” has proposals, so it stays. You can give it another name."),
    Code.SETUP_AREA_HOLDS: _("%(n)s proposals would lie outside this area. Choose a larger one."),
    Code.SETUP_FLOOR_ABOVE_CAP: _("Nobody can choose at least %(floor)s and at most %(cap)s."),
    Code.SETUP_POINTS_ABOVE: _("There are %(points)s points to divide, so at most that many can go to one."),
    Code.SETUP_BUDGET_MISSING: _("Say how much there is to spend."),
    Code.SETUP_RULES_FROZEN: _("People voted already, so the rules of this vote can no longer change."),
    Code.SETUP_NOT_A_DRAFT: _("This project is public already."),
    Code.MERGE_NOTHING: _("Choose at least one other proposal to join with this one."),
    Code.MERGE_TARGET_NOT_PUBLIC: _("Proposals can only be joined with one that is public. Publish that one first."),
    Code.MERGE_NOT_POSSIBLE: _("Proposal %(number)s is hidden or was joined with another one, so it cannot be joined."),
    Code.MERGE_ON_BALLOT: _("“%(title)s” is on the ballot of a vote, so it cannot be joined with another one."),
    Code.MERGE_UNDONE: _("This was undone already."),
    Code.COMMENT_LOCKED: _("The town closed the comments on this proposal."),
    Code.COMMENT_MISSING: _("Write something first."),
    Code.COMMENT_TOO_LONG: _("The comment is too long: %(length)s characters. At most %(max)s are possible."),
    Code.COMMENT_NOT_FOUND: _("This comment is not there any more."),
    Code.REPORT_REASON_MISSING: _("Say what is wrong with it: choose one of the reasons."),
    Code.REPORT_TWICE: _("You reported this already. Staff of the town looks at it."),
    Code.TOO_OFTEN: _("This was done %(max)s times in the last hour. Wait a while, then try again."),
    Code.TOO_OFTEN_HERE: _(
        "Much was sent from your network in the last hour. Wait a while, or sign in: then you can go on at once."
    ),
    Code.UNDO_NOT_POSSIBLE: _("This cannot be undone any more: something else was done with it since."),
    Code.NOTE_MISSING: _("Write something first."),
    Code.MAIL_MISSING: _("Write the answer first."),
    Code.MAIL_NO_AUTHOR: _("Whoever proposed this cannot be reached by mail."),
    Code.TEMPLATE_MISSING: _("Give the template a name and a text."),
    Code.ASSIGNEE_UNKNOWN: _("This person is not one of the staff who look at proposals."),
    Code.PHOTO_UNREADABLE: _(
        "This file is no photo that we can read, or it did not arrive whole. Send a JPEG, PNG or WebP picture."
    ),
    Code.PHOTO_TOO_LARGE: _("This photo is larger than %(max)s MB. Make it smaller first."),
    Code.PHOTO_TOO_MANY_PIXELS: _("This photo has too many pixels. At most %(max)s million are possible."),
    Code.PHOTO_TOO_MANY: _("At most %(max)s photos are possible. Take one away first."),
    Code.QUESTION_LABEL_MISSING: _("Write the question in %(language)s: it is the first language of the town."),
    Code.QUESTION_OPTION_MISSING: _("“%(name)s”: write every answer in %(language)s, the first language of the town."),
    Code.QUESTION_TOO_FEW_OPTIONS: _("“%(name)s” needs at least two answers to choose from."),
    Code.QUESTION_BOUNDS_BAD: _("“%(name)s”: the least number is larger than the most."),
    Code.QUESTION_WHEN_BAD: _(
        "“%(name)s” depends on an answer to a question that must stand before it. Move or change that first."
    ),
    Code.QUESTION_GONE: _("This question is not there any more. Load the page again."),
    Code.ANSWER_MISSING: _("Answer this question."),
    Code.ANSWER_TOO_LONG: _("This answer is too long: %(length)s characters. At most %(max)s are possible."),
    Code.ANSWER_OPTION_UNKNOWN: _("Choose one of the answers that are there."),
    Code.ANSWER_NOT_A_NUMBER: _("“%(text)s” is not a number. Write digits, such as 12."),
    Code.ANSWER_TOO_SMALL: _("Write a number that is at least %(least)s."),
    Code.ANSWER_TOO_LARGE: _("Write a number that is at most %(most)s."),
    Code.ANSWER_CORNER_BAD: _("“%(text)s” is no place. Write latitude and longitude, such as 50.8553, 2.7262."),
    Code.ANSWER_TOO_FEW_CORNERS: _("Give at least %(least)s different places, one a line."),
    Code.ANSWER_FILE_NOT_TAKEN: _("We cannot take this file. Send a PDF, a plain text or a picture (JPEG, PNG, WebP)."),
    Code.ANSWER_FILE_TOO_LARGE: _("This file is too large. At most %(max)s megabytes are possible."),
    Code.ANSWER_FILE_LOCKED: _("This PDF is locked with a password. Save it without one and send it again."),
    Code.ANSWER_FILE_BROKEN: _(
        "We cannot read this PDF: it is damaged or was cut off. Save it anew, or print it to a new PDF, and send that."
    ),
    Code.ANSWERS_INCOMPLETE: _("Something is not right yet. Look at the questions marked in red."),
    Code.ANSWERS_NONE: _("You did not answer anything yet."),
    Code.ANSWERS_NOT_FOUND: _("Nothing was answered under number %(number)s in the form of this project."),
    Code.FORM_CHANGED: _(
        "The town changed the questions while you were answering. Nothing you filled in is lost. Look at what changed"
        " and go on."
    ),
    Code.PHOTO_ALT_MISSING: _(
        "Say in a few words what is on the photo, for who cannot see it, and choose the photo again."
    ),
    Code.VOTE_NOT_OPEN: _("There is no vote in this project now."),
    Code.VOTE_OPENS_LATER: _("You can vote from %(opens_at)s."),
    Code.VOTE_CLOSED: _("The vote closed on %(closed_at)s. What you cast before that counts."),
    Code.VOTE_TOO_MANY: _("You chose %(chosen)s. At most %(cap)s are possible: take some off."),
    Code.VOTE_TOO_FEW: _("You chose %(chosen)s. Choose at least %(floor)s."),
    Code.VOTE_TWICE: _("You chose the same one twice."),
    Code.VOTE_RANK_TWICE: _("Rank %(rank)s was given twice. Give each its own rank."),
    Code.VOTE_BAD_POINTS: _("Points are whole numbers, from 1 up."),
    Code.VOTE_TOO_MANY_POINTS: _("You gave %(given)s points. You have %(points)s: take some back."),
    Code.VOTE_TOO_MANY_POINTS_ON_ONE: _("Give at most %(points_max)s points to one."),
    Code.VOTE_OVER_BUDGET: _("This costs %(spent_cents)s together. There is %(budget_cents)s: take something off."),
    Code.VOTE_TOO_MANY_IN_AREA: _("You chose %(chosen)s in %(name)s. At most %(cap)s are possible there."),
    Code.VOTE_TOO_MANY_OF_THEME: _("You chose %(chosen)s times “%(name)s”. At most %(cap)s are possible."),
    Code.VOTE_OPTION_GONE: _("No longer on the ballot: %(numbers)s. Take it off, then vote again."),
    Code.VOTE_BAD_NONCE: _("This form is not complete. Open your ballot again; your choices are kept."),
    Code.VOTE_VOTERS_FROZEN: _("People voted already, so who may vote can no longer change."),
    Code.VOTE_NOT_VERIFIED: _(
        "Only residents whom the town verified can vote here. Ask the town to verify you: it asks your name and date"
        " of birth."
    ),
    Code.VOTE_NO_CODE: _("Fill in the code of your letter first. Then you can vote."),
    Code.VOTE_TOO_YOUNG: _("You must be %(min_age)s or older to vote here."),
    Code.VOTE_AGE_NOT_SAID: _("Tick the box that says you are %(min_age)s or older. Then cast your ballot again."),
    Code.VOTE_NO_PAPER: _("This vote takes no ballots on paper."),
    Code.CODE_UNKNOWN: _("We do not know this code. Look at your letter and type all 16 signs again."),
    Code.CODE_USED: _("This code was used already. Was that not you? Then tell the town."),
    Code.CODE_WITHDRAWN: _("The town withdrew this letter. Ask the town for a new one."),
    Code.CODE_OTHER_VOTE: _("This code is for the vote “%(project)s”. Use it there."),
    Code.CODE_FOR_RESIDENT: _(
        "This letter shows that you live here, and is for no vote. Sign in and use it under “What is mine”."
    ),
    Code.CODE_ONE_EACH: _("You used a code for this vote already. Each person can use one."),
    Code.CODE_NOT_ASKED: _("This vote needs no code."),
    Code.CODE_TOO_MANY_TRIES: _("You tried many codes in a short time. Wait %(seconds)s seconds, then try again."),
    Code.CODE_BAD_NUMBER: _("Make at least 1 and at most %(max)s codes at once."),
    Code.CODE_NONE_LEFT: _("Nothing is left to withdraw: all these codes were used or withdrawn already."),
    Code.ROLL_NAME_MISSING: _("Give the name as it stands on the identity card."),
    Code.ROLL_BAD_DATE: _("Give a date of birth that can be right, such as 31/12/1980."),
    Code.ROLL_BAD_MAIL: _("“%(text)s” is not a mail address."),
    Code.ROLL_KNOWN: _("Somebody with this name and date of birth is verified already, by another mail address."),
    Code.ROLL_NOT_VERIFIED: _("Nobody is verified by this mail address."),
    Code.ROLL_VERIFIED_ALREADY: _("The town knows already that you live here. Your letter was not used."),
    Code.PAPER_WHO_MISSING: _(
        "Say who voted in one way: a mail address, the code of a letter, or a name with a date of birth."
    ),
    Code.PAPER_UNREADABLE: _("“%(text)s” cannot be read. Write %(example)s."),
    Code.REASON_MISSING: _("Give a reason. Everybody can read it."),
    Code.BALLOT_FROZEN: _("People voted already, so the list of the ballot can no longer change like this."),
    Code.EXTENSION_REASON_MISSING: _("Give a reason. Everybody can read it."),
    Code.EXTENSION_TIME_BAD: _("This is not a day and an hour. Write it like 2026-05-31 18:00."),
    Code.EXTENSION_NOT_LATER: _("The new closing time must be later than %(closes_at)s."),
    Code.EXTENSION_TOO_SOON: _("Give people at least 24 hours: not before %(earliest_at)s."),
    Code.EXTENSION_SAME_OFFICER: _("You asked for this yourself. A second officer must agree."),
    Code.EXTENSION_NOT_WAITING: _("There is no such later closing time that waits for agreement."),
    Code.CLUSTER_NAME_MISSING: _("Give the cluster a name of at most %(max)s characters."),
    Code.CLUSTER_NAME_TAKEN: _("This project has a cluster called “%(name)s” already. Choose another name."),
    Code.ALREADY_DECIDED: _("Somebody else decided about this proposal a moment ago."),
    Code.ROW_EMPTY: _("This row is empty."),
    Code.ROW_REPEATED: _("This row was in the file or in the project already."),
    Code.UPLOAD_CUT_OFF: _("The line broke before all of it had come. Nothing was changed; go back and send it again."),
    Code.FILE_UNREADABLE: _("This file cannot be read: %(why)s."),
    Code.FIELD_UNKNOWN: _("The file has no column “%(field)s”. It has: %(fields)s."),
    Code.PERSON_MISSING: _("This row does not say who."),
    Code.PIN_SWAPPED: _("Longitude and latitude seem to be swapped: the other way round this place lies in the area."),
    Code.THEME_TOO_MANY: _("The column of themes has more than %(max)s different values, so it holds no themes."),
    Code.AREA_NOT_A_SURFACE: _("This is not a surface. Give a polygon."),
    Code.AREA_NAME_MISSING: _("This neighbourhood has no name, or one that is longer than 100 characters."),
    Code.SLUG_BAD: _("“%(slug)s” cannot be an address. Use at most %(max)s small letters, digits and hyphens."),
    Code.SLUG_TAKEN: _("%(organisation)s has a project “%(slug)s” already."),
    Code.PROJECT_NOT_EMPTY: _("The project “%(slug)s” holds proposals or ballots already. Give another name."),
    Code.ORGANISATION_UNKNOWN: _("There is no town “%(slug)s” here. Known are: %(known)s."),
    Code.LAYER_NAME_MISSING: _("Give the layer a name of at most %(max)s characters."),
    Code.LAYER_SOURCE_MISSING: _("Say who made the layer and when, in at most %(max)s characters."),
    Code.LAYER_LICENCE_MISSING: _("Say under which terms the layer may be used, in at most %(max)s characters."),
    Code.LAYER_NOT_A_DRAFT: _("This layer is in use already. Upload a new version instead."),
    Code.LAYER_NOT_REPLACED: _("This is not an earlier version that could be used again."),
    Code.LAYER_NOT_READ: _("Nothing of this layer was read yet. Answer the question above first."),
    Code.LAYER_IN_USE: _("This layer cannot be deleted: a candidate or a study was made with it."),
    Code.LAYER_FEATURE_NOT_FOUND: _("There is nothing of this number in this layer."),
    Code.CANDIDATE_NOT_FOUND: _("There is no candidate %(number)s in this project."),
    Code.CANDIDATE_DECIDED: _("The town decided about this candidate, so it stays as it is."),
    Code.CLUSTER_NOT_FOUND: _("There is no such cluster any more. Look at the map again."),
    Code.CHECK_INCOMPLETE: _("Say what was checked, by whom, on which day, and what came out."),
    Code.LINK_BAD: _("“%(link)s” is no web address. It begins with https://."),
    Code.DATE_BAD: _("“%(date)s” is no day. Write it as 2026-05-31."),
    Code.DECISION_NOTHING_CHOSEN: _("Tick at least one candidate or proposal of this project."),
    Code.DECISION_NOTHING_TO_PUBLISH: _("There is no decision that was not published yet."),
    Code.DECISION_NOT_TO_BUILD: _("Only what was decided to come, and published, can be planned or built."),
    Code.DOSSIER_SCENARIO_NOT_DONE: _("Scenario %(number)s was not computed, so it cannot stand in the dossier."),
    Code.DOSSIER_CHANGED: _(
        "Something changed while you looked. This is how it stands now; publish it if it is right."
    ),
    Code.DOSSIER_NOTHING_NEW: _("Nothing changed since version %(version)s, so there is nothing new to publish."),
    Code.VOTE_NOT_COUNTED: _("This vote is not over, so nobody can see how it stands."),
    Code.RULE_NOT_FOR_BALLOT: _("The rule “%(rule)s” cannot count ballots of the kind “%(method)s”."),
    Code.STUDY_FROZEN: _("This study was computed, so it stays as it is. Make a copy to change something."),
    Code.STUDY_RUNNING: _("This is being computed now. Wait until it is done, or stop it."),
    Code.STUDY_NOT_DONE: _("This study was not computed yet."),
    Code.STUDY_NO_CANDIDATES: _("There are no candidate sites here to look into. Make some first."),
    Code.STUDY_NO_CRITERIA: _("This study has no criteria. Add at least one."),
    Code.STUDY_TOO_MANY_CANDIDATES: _(
        "There are %(n)s candidate sites. A study can hold %(max)s: choose one neighbourhood, or drop some."
    ),
    Code.STUDY_TOO_MANY_CRITERIA: _("A study can have at most %(max)s criteria."),
    Code.STUDY_TOO_MANY_SCENARIOS: _("A study can have at most %(max)s scenarios. Delete one first."),
    Code.ROLE_MISSING: _(
        "There is no role %(role)s, and %(owner)s may not make roles (CREATEROLE). Let a superuser run CREATE ROLE"
        " %(role)s LOGIN, then run this again. Until then the server can work as %(owner)s: all rules hold, but"
        " whoever takes over the server could switch them off."
    ),
    Code.ROLE_TOO_STRONG: _(
        "%(role)s could change votes: it is a superuser, owns the tables or belongs to who does. Choose another role."
    ),
    Code.PABULIB_SECTION_MISSING: _(
        "The file has no section %(section)s with its columns, so it is not a pabulib file."
    ),
    Code.PABULIB_SECTION_TWICE: _("Line %(line)s: the section %(section)s stands there a second time."),
    Code.PABULIB_FIELD_MISSING: _("The section %(section)s must have “%(field)s” once."),
    Code.PABULIB_QUOTES: _(
        "Line %(line)s: the quotation marks around a value are not closed, or something stands behind them."
    ),
    Code.PABULIB_WIDTH: _("Line %(line)s has %(n)s values. The section has %(expected)s columns."),
    Code.PABULIB_REPEATED: _("Line %(line)s: “%(text)s” stands there a second time."),
    Code.PABULIB_NUMBER: _("Line %(line)s: “%(text)s” cannot be a number of the column “%(field)s”."),
    Code.PABULIB_VOTE_TYPE: _("The kind of vote “%(text)s” is not known. Known are: %(known)s."),
    Code.PABULIB_COUNT: _("The file says %(field)s is %(declared)s, but it has %(found)s. Part of it may be missing."),
    Code.PABULIB_PROJECT_UNKNOWN: _(
        "Line %(line)s: the ballot names “%(text)s”. There is no such project in the file."
    ),
    Code.PABULIB_POINTS: _("Line %(line)s: the ballot names %(n)s projects, but gives points to %(points)s."),
    Code.PABULIB_ONE_CHOICE: _("Line %(line)s: the ballot names %(n)s projects. Only one is possible here."),
    Code.TOKEN_UNKNOWN: _("This token is not known in this town, has run out or was withdrawn. Make a new one."),
    Code.TOKEN_SCOPE_MISSING: _("This token was not made for that. It lacks the right “%(scope)s”."),
    Code.TOKEN_NAME_MISSING: _("Say what the token is for, so that you know it again later."),
    Code.TOKEN_NO_SCOPE: _("Tick at least one thing that the token may be used for."),
    Code.TOKEN_BAD_TIME: _("Choose how long the token is good for: one of the times on the list."),
    Code.TOKEN_TOO_MANY: _("You have %(most)s tokens already. Withdraw one that you no longer use."),
    Code.TOKEN_NOT_FOUND: _("There is no such token of yours, or it was withdrawn before."),
    Code.REQUEST_BAD: _("The request cannot be read as it is. What is wrong stands in “errors”."),
    Code.REQUEST_NOT_FOUND: _("There is nothing at this address."),
    Code.REQUEST_NOT_FROM_PAGE: _("A request with a session cookie needs the token of the page (X-CSRFToken)."),
    Code.REQUEST_TOO_MANY: _("That were many requests in a short time. Wait %(seconds)s seconds, then try again."),
    Code.REQUEST_KEY_REUSED: _("This Idempotency-Key was used for another request. Take a new one."),
    Code.EMBED_BAD_SITE: _("“%(site)s” is no name of a site. Write one a line, such as www.poperinge.be."),
    Code.EMBED_TOO_MANY: _("At most %(most)s sites are possible."),
    Code.CALL_BAD_URL: _(
        "This is no address that can be called: “%(url)s”. Write it whole, such as https://hooks.example.org/kiesplek."
    ),
    Code.CALL_NOT_LISTED: _(
        "The operator of this installation does not let the server call %(host)s. Ask them to list it."
    ),
    Code.CALL_PRIVATE_ADDRESS: _(
        "This name leads to %(address)s, within a network of its own that the operator did not list."
    ),
    Code.WEBHOOK_NAME_MISSING: _("Say what the webhook is for, so that you know it again later."),
    Code.WEBHOOK_NO_EVENT: _("Tick at least one thing to be told of."),
    Code.WEBHOOK_TOO_MANY: _("There are %(most)s webhooks already. Remove one that is no longer used."),
    Code.WEBHOOK_NOT_FOUND: _("There is no such webhook or message any more."),
    Code.WEBHOOK_PAUSED: _("This webhook is paused. Let it go on first."),
    Code.BASE_MAP_UNKNOWN: _("There is no such background map."),
    Code.BASE_MAP_BAD_URL: _("“%(url)s” is no address of a map. It begins with https:// and holds no password."),
    Code.BASE_MAP_NO_PLACEHOLDER: _("The address of an XYZ map holds {z}, {x} and {y}."),
    Code.BASE_MAP_NO_LAYER: _("Say which layer of the service to show."),
    Code.BASE_MAP_NAME_MISSING: _("Give the background map a name."),
    Code.BASE_MAP_ATTRIBUTION_MISSING: _("Say whose map it is: its maker wants to be named."),
    Code.BASE_MAP_TOO_MANY: _("At most %(most)s background maps are possible."),
    Code.BASE_MAP_TWICE: _("This background map is on the list already."),
    Code.EXPORT_TOO_MANY: _("%(max)s of your files are being made already. Wait until one is ready, or stop one."),
    Code.EXPORT_NOT_DONE: _("This file is not there: it is not ready yet, or it was stopped."),
    Code.EXPORT_EXPIRED: _("This file was kept for a day and is gone. Ask for it again."),
    Code.IMPORT_NOT_A_DRAFT: _("This file was taken in already. Upload it again to change something."),
    Code.IMPORT_NOT_READ: _("The file is not read yet: choose first what is asked for above."),
    Code.IMPORT_NO_WORDS: _("Say which column holds the title or the text."),
    Code.IMPORT_NO_PERSON: _("Say which column names the proposal, and which the person."),
    Code.IMPORT_NO_NAME: _("Say which column holds the name of the neighbourhood."),
    Code.IMPORT_CHANGED: _("Somebody changed something in the meantime. Look at the differences again."),
    Code.IMPORT_NOTHING: _("No row of this file would change anything."),
    Code.IMPORT_NOT_DONE: _("This file was not taken in, so there is nothing to take back."),
    Code.PROJECT_NOT_FOUND: _("There is no project “%(slug)s” in this town."),
}

STATUS = {
    Code.IDENTITY_FAILED: 502,
    Code.IDENTITY_OF_ANOTHER: 409,
    Code.IDENTITY_NO_MAIL: 409,
    Code.IDENTITY_MAIL_KNOWN: 409,
    Code.ZONE_UNKNOWN: 404,
    Code.OBJECT_UNKNOWN: 404,
    Code.OBJECT_TAKEN: 409,
    Code.OBJECT_IN_USE: 409,
    Code.PLACE_SETTING_HOLDS: 409,
    Code.LAYER_NOT_REPLACED: 409,
    Code.IMPORT_NOT_A_DRAFT: 409,
    Code.IMPORT_CHANGED: 409,
    Code.IMPORT_NOT_DONE: 409,
    Code.EXPORT_TOO_MANY: 429,
    Code.EXPORT_NOT_DONE: 409,
    Code.EXPORT_EXPIRED: 410,
    Code.SIGN_IN_FIRST: 401,
    Code.NOT_STAFF: 403,
    Code.SECOND_FACTOR: 403,
    Code.PROPOSAL_NOT_FOUND: 404,
    Code.ANSWERS_NOT_FOUND: 404,
    Code.PROPOSALS_NOT_OPEN: 409,
    Code.PROPOSALS_OPEN_LATER: 409,
    Code.PROPOSAL_NOT_PUBLIC: 409,
    Code.PROPOSALS_OVER: 409,
    Code.SUPPORT_NOT_OPEN: 409,
    Code.SUPPORT_OPENS_LATER: 409,
    Code.SUPPORT_OVER: 409,
    Code.COMMENT_NOT_OPEN: 409,
    Code.COMMENT_OPENS_LATER: 409,
    Code.COMMENT_OVER: 409,
    Code.ANSWER_NOT_OPEN: 409,
    Code.ANSWER_OPENS_LATER: 409,
    Code.ANSWER_OVER: 409,
    Code.REPORT_NOT_OPEN: 409,
    Code.REPORT_OPENS_LATER: 409,
    Code.REPORT_OVER: 409,
    Code.FOLLOW_NOT_OPEN: 409,
    Code.FOLLOW_OPENS_LATER: 409,
    Code.FOLLOW_OVER: 409,
    Code.ACCESS_NO_MAIL: 403,
    Code.ACCESS_NOT_VERIFIED: 403,
    Code.CLAIM_UNKNOWN: 404,
    Code.CLAIM_USED: 409,
    Code.CLAIM_ANSWERED_ALREADY: 409,
    Code.INVITATION_UNKNOWN: 404,
    Code.INVITATION_USED: 409,
    Code.INVITATION_EXPIRED: 409,
    Code.INVITATION_WITHDRAWN: 409,
    Code.INVITATION_OTHER_ADDRESS: 403,
    Code.INVITATION_STAFF_ALREADY: 409,
    Code.STAFF_UNKNOWN: 404,
    Code.STAFF_LAST_MANAGER: 409,
    Code.SETUP_RULES_FROZEN: 409,
    Code.SETUP_NOT_A_DRAFT: 409,
    Code.SETUP_PHASE_BEGUN: 409,
    Code.SETUP_PHASE_OPEN_ENDED: 409,
    Code.SETUP_THEME_IN_USE: 409,
    Code.MERGE_TARGET_NOT_PUBLIC: 409,
    Code.MERGE_NOT_POSSIBLE: 409,
    Code.MERGE_ON_BALLOT: 409,
    Code.MERGE_UNDONE: 409,
    Code.COMMENT_LOCKED: 409,
    Code.COMMENT_NOT_FOUND: 404,
    Code.REPORT_TWICE: 409,
    Code.TOO_OFTEN: 429,
    Code.TOO_OFTEN_HERE: 429,
    Code.UNDO_NOT_POSSIBLE: 409,
    Code.MAIL_NO_AUTHOR: 409,
    Code.UPLOAD_CUT_OFF: 400,
    Code.PHOTO_TOO_LARGE: 413,
    Code.ANSWER_FILE_TOO_LARGE: 413,
    Code.QUESTION_GONE: 409,
    Code.FORM_CHANGED: 409,
    Code.PHOTO_TOO_MANY: 409,
    Code.VOTE_NOT_OPEN: 409,
    Code.VOTE_OPENS_LATER: 409,
    Code.VOTE_CLOSED: 409,
    Code.VOTE_OPTION_GONE: 409,
    Code.VOTE_VOTERS_FROZEN: 409,
    Code.VOTE_NOT_VERIFIED: 403,
    Code.VOTE_NO_CODE: 403,
    Code.VOTE_TOO_YOUNG: 403,
    Code.VOTE_NO_PAPER: 409,
    Code.CODE_USED: 409,
    Code.CODE_WITHDRAWN: 409,
    Code.CODE_OTHER_VOTE: 409,
    Code.CODE_FOR_RESIDENT: 409,
    Code.CODE_ONE_EACH: 409,
    Code.CODE_NOT_ASKED: 409,
    Code.CODE_TOO_MANY_TRIES: 429,
    Code.CODE_NONE_LEFT: 409,
    Code.ROLL_KNOWN: 409,
    Code.ROLL_VERIFIED_ALREADY: 409,
    Code.BALLOT_FROZEN: 409,
    Code.ALREADY_DECIDED: 409,
    Code.STUDY_FROZEN: 409,
    Code.STUDY_RUNNING: 409,
    Code.STUDY_NOT_DONE: 409,
    Code.EXTENSION_SAME_OFFICER: 403,
    Code.EXTENSION_NOT_WAITING: 409,
    Code.CLUSTER_NAME_TAKEN: 409,
    Code.VOTE_NOT_COUNTED: 409,
    Code.TOKEN_UNKNOWN: 401,
    Code.TOKEN_SCOPE_MISSING: 403,
    Code.TOKEN_TOO_MANY: 409,
    Code.TOKEN_NOT_FOUND: 404,
    Code.WEBHOOK_TOO_MANY: 409,
    Code.WEBHOOK_NOT_FOUND: 404,
    Code.WEBHOOK_PAUSED: 409,
    Code.BASE_MAP_UNKNOWN: 404,
    Code.BASE_MAP_TOO_MANY: 409,
    Code.BASE_MAP_TWICE: 409,
    Code.REQUEST_BAD: 400,
    Code.REQUEST_NOT_FOUND: 404,
    Code.REQUEST_NOT_FROM_PAGE: 403,
    Code.REQUEST_TOO_MANY: 429,
    Code.REQUEST_KEY_REUSED: 409,
    Code.PROJECT_NOT_FOUND: 404,
    Code.CANDIDATE_NOT_FOUND: 404,
}
"""What a machine hears; every other code is 422: understood, but not good."""


def distance(metres: float) -> str:
    """Say a distance as people do: "12 m", "180 m", "1.4 km"; never "0 m" for what is outside."""
    if metres < 1000:
        return f"{max(1, round(metres))} m"
    return f"{number_format(metres / 1000, 1)} km"


def money(cents: int) -> str:
    """Say an amount in euros, cents only where there are any: "€ 1.250"."""
    return f"€ {number_format(cents / 100, 2 if cents % 100 else 0, force_grouping=True)}"


def moment(at: datetime) -> str:
    """Say a moment as people do: "Monday at 9:00" within a week, else the day with its hour."""
    there, today = localtime(at), localdate()
    hour = date_format(there, "TIME_FORMAT")
    days = (there.date() - today).days
    if days == 0:
        return gettext("today at %(hour)s") % {"hour": hour}
    if days == 1:
        return gettext("tomorrow at %(hour)s") % {"hour": hour}
    if 1 < days < DAYS_BY_NAME:
        return gettext("%(weekday)s at %(hour)s") % {"weekday": date_format(there, "l"), "hour": hour}
    return date_format(there, "DATETIME_FORMAT")


TEXT_NAMES = {
    "title": _("title"),
    "question": _("question"),
    "outcome": _("what will happen with the outcome"),
}


def _said(name: str, fact: object) -> object:
    if name == "what":
        return TEXT_NAMES.get(str(fact), fact)
    if name == "language":
        return get_language_info(str(fact))["name_translated"]
    if name.endswith("_at") and isinstance(fact, datetime):
        return moment(fact)
    if name == "metres":
        return distance(float(fact))  # type: ignore[arg-type]
    if name.endswith("_cents"):
        return money(int(fact))  # type: ignore[call-overload]
    if isinstance(fact, Mapping):
        return in_language(fact, get_language() or "nl")
    if isinstance(fact, list):
        return ", ".join(str(part) for part in fact)
    return fact


def sentence(code: Code, facts: Mapping[str, object] | None = None) -> str:
    """Say a refusal in the language in force."""
    said = {name: _said(name, fact) for name, fact in (facts or {}).items()}
    return str(SENTENCES[code]) % said if said else str(SENTENCES[code])


def status_of(refused: Refused) -> int:
    """What a machine hears of a refusal."""
    return STATUS.get(refused.code, 422)


def refusal(refused: Refused) -> dict[str, object]:
    """Turn a refusal into what a page or problem+json shows."""
    return {
        "code": refused.code.value,
        "sentence": sentence(refused.code, refused.facts),
        "status": status_of(refused),
    }
