"""Tables and constraints of the speaking side; what can be a constraint is one."""

from participation.models.ballot import Ballot, BallotCast, TallyRow, Vote
from participation.models.comment import Comment, Follow
from participation.models.draft import Draft
from participation.models.export import Export
from participation.models.form import AnswerFile, AnswerSheet, FormVersion
from participation.models.importing import Import, ImportedRow
from participation.models.invitation import Claim, Invitation
from participation.models.merge import Merge, MergedProposal
from participation.models.moderation import AnswerTemplate, AuthorMail, Handling, Note, Report
from participation.models.organisation import Area, Organisation, Place
from participation.models.person import Membership, Person
from participation.models.photo import Photo
from participation.models.project import Phase, Project, Theme
from participation.models.project_role import ProjectRole
from participation.models.proposal import ExactPlace, Proposal, Support
from participation.models.record import Record
from participation.models.response import Response
from participation.models.session import Session
from participation.models.token import Pace, Repeat, Token
from participation.models.voter import CodeBatch, CodeTry, Extension, VotingCode
from participation.models.webhook import Delivery, Webhook
from participation.models.zone import InventoryObject, Zone

__all__ = [
    "AnswerFile",
    "AnswerSheet",
    "AnswerTemplate",
    "Area",
    "AuthorMail",
    "Ballot",
    "BallotCast",
    "Claim",
    "CodeBatch",
    "CodeTry",
    "Comment",
    "Delivery",
    "Draft",
    "ExactPlace",
    "Export",
    "Extension",
    "Follow",
    "FormVersion",
    "Handling",
    "Import",
    "ImportedRow",
    "InventoryObject",
    "Invitation",
    "Membership",
    "Merge",
    "MergedProposal",
    "Note",
    "Organisation",
    "Pace",
    "Person",
    "Phase",
    "Photo",
    "Place",
    "Project",
    "ProjectRole",
    "Proposal",
    "Record",
    "Repeat",
    "Report",
    "Response",
    "Session",
    "Support",
    "TallyRow",
    "Theme",
    "Token",
    "Vote",
    "VotingCode",
    "Webhook",
    "Zone",
]
