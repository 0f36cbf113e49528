"""Tables and constraints of the speaking side; what can be a constraint is one."""

from participation.models.ballot import Ballot, BallotCast, TallyRow, Vote
from participation.models.draft import Draft
from participation.models.export import Export
from participation.models.importing import Import, ImportedRow
from participation.models.invitation import Claim, Invitation
from participation.models.organisation import Area, Organisation, Place
from participation.models.person import Membership, Person
from participation.models.project import Phase, Project, Theme
from participation.models.proposal import Proposal, Support
from participation.models.record import Record
from participation.models.response import Response
from participation.models.session import Session
from participation.models.token import Pace, Repeat, Token
from participation.models.voter import CodeBatch, CodeTry, Extension, VotingCode

__all__ = [
    "Area",
    "Ballot",
    "BallotCast",
    "Claim",
    "CodeBatch",
    "CodeTry",
    "Draft",
    "Export",
    "Extension",
    "Import",
    "ImportedRow",
    "Invitation",
    "Membership",
    "Organisation",
    "Pace",
    "Person",
    "Phase",
    "Place",
    "Project",
    "Proposal",
    "Record",
    "Repeat",
    "Response",
    "Session",
    "Support",
    "TallyRow",
    "Theme",
    "Token",
    "Vote",
    "VotingCode",
]
