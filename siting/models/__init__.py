"""Tables and constraints of the deciding side."""

from siting.models.candidate import Candidate, Check, Origin
from siting.models.decision import Decision, RollOut
from siting.models.layer import Layer, LayerFeature

__all__ = ["Candidate", "Check", "Decision", "Layer", "LayerFeature", "Origin", "RollOut"]
