"""The business rules: config/*.yaml as frozen types.

folder -> load_rules() -> Rules, or RulesError with every problem in one message
"""

from enrichment.rules.cross_checks import never_asked
from enrichment.rules.experiments import Strategy
from enrichment.rules.fields import Seconds
from enrichment.rules.learned import BILLED_UNITS, MATCH_RATE
from enrichment.rules.loader import Questions, RulesError, load_rules, unread_files
from enrichment.rules.models import (
    AnalysisRules,
    Caps,
    Charged,
    ConsumerRules,
    DatasetRules,
    HybridRules,
    LearnedLine,
    LearningRules,
    RedundancyRule,
    RefreshRules,
    ResearchRules,
    SourceDataset,
    SourceQuestion,
    SourceRules,
    Strategies,
)
from enrichment.rules.provider_rules import Poll, Price, ProviderRules, RateLimits, Repeat
from enrichment.rules.reliability import DatasetReliability, Feed, SourceReliability
from enrichment.rules.rule_set import Rules

__all__ = [
    "BILLED_UNITS",
    "MATCH_RATE",
    "AnalysisRules",
    "Caps",
    "Charged",
    "ConsumerRules",
    "DatasetReliability",
    "DatasetRules",
    "Feed",
    "HybridRules",
    "LearnedLine",
    "LearningRules",
    "Poll",
    "Price",
    "ProviderRules",
    "Questions",
    "RateLimits",
    "RedundancyRule",
    "RefreshRules",
    "Repeat",
    "ResearchRules",
    "Rules",
    "RulesError",
    "Seconds",
    "SourceDataset",
    "SourceQuestion",
    "SourceReliability",
    "SourceRules",
    "Strategies",
    "Strategy",
    "load_rules",
    "never_asked",
    "unread_files",
]
