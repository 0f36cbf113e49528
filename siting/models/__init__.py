"""Tables and constraints of the deciding side."""

from siting.models.candidate import Candidate, Check, Origin
from siting.models.decision import Decision, RollOut
from siting.models.dossier import Dossier
from siting.models.kept import ClusterRun, SavedCluster
from siting.models.layer import Layer, LayerFeature
from siting.models.study import Criterion, HandValue, Scenario, Study

__all__ = [
    "Candidate",
    "Check",
    "ClusterRun",
    "Criterion",
    "Decision",
    "Dossier",
    "HandValue",
    "Layer",
    "LayerFeature",
    "Origin",
    "RollOut",
    "SavedCluster",
    "Scenario",
    "Study",
]
