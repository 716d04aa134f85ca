"""The business rules: config/*.yaml as frozen types.

folder -> load_rules() -> Rules, or RulesError with every problem in one message
"""

from enrichment.rules.cross_checks import never_asked
from enrichment.rules.loader import Questions, RulesError, load_rules
from enrichment.rules.models import (
    AnalysisRules,
    Caps,
    Charged,
    ConsumerRules,
    DatasetRules,
    HybridRules,
    Poll,
    Price,
    ProviderRules,
    RateLimits,
    RedundancyRule,
    RefreshRules,
    Repeat,
    ResearchRules,
    Rules,
    Seconds,
    SourceDataset,
    SourceQuestion,
    SourceRules,
    Strategies,
    Strategy,
)

__all__ = [
    "AnalysisRules",
    "Caps",
    "Charged",
    "ConsumerRules",
    "DatasetRules",
    "HybridRules",
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
    "SourceRules",
    "Strategies",
    "Strategy",
    "load_rules",
    "never_asked",
]
