"""How the outside fails. What happens next depends on the type:

ProviderError                 nothing usable came back; `billed` is what is owed all the same
  + ProviderUnavailable       time-out, refused connection, 5xx, Throttled: the fallback is asked
  + ClaimLost                 another process has taken the purchase over: nothing was sent
  + CredentialsRejected, QuotaExhausted    not asked again until the key, or the plan, is renewed
  + UnexpectedReply             an answer, but not of the promised shape
      + ContextTooSmall, ModelNotServed    a language model cannot be asked this, or not by this name
"""

from collections.abc import Mapping


class ProviderError(Exception):
    """A provider gave nothing usable. The message is one sentence without secrets that states what to do.

    billed: vendor unit -> count that the vendor certainly bills for what happened. uncertain: the vendor may also bill
    the call that failed; we cannot know. lasting: asked again it would fail the same way, so it is remembered as long
    as a reply of its source is valid.
    """

    lasting: bool = False

    def __init__(
        self, message: str, *, provider: str, billed: Mapping[str, int] | None = None, uncertain: bool = False
    ) -> None:
        super().__init__(message)
        self.provider = provider
        self.billed = dict(billed or {})
        self.uncertain = uncertain


class ProviderUnavailable(ProviderError):
    """The vendor could not be reached or could not answer now; another source may be asked instead."""


class Throttled(ProviderUnavailable):
    """The vendor asks for fewer calls. retry_after: seconds to wait, None if the vendor gave no time."""

    retry_after: float | None = None


class ClaimLost(ProviderError):
    """The lease of the purchase is over, or another process has resumed it: the call must not be sent."""


class CredentialsRejected(ProviderError):
    """The vendor does not accept the key; it has to be corrected in .env."""


class QuotaExhausted(ProviderError):
    """The plan with the vendor has no units left."""


class UnexpectedReply(ProviderError):
    """The vendor answered, but not in the shape its documentation promises."""


class ContextTooSmall(UnexpectedReply):
    """The question is longer than what the language model can read at once."""


class ModelNotServed(UnexpectedReply):
    """The endpoint does not serve the language model that was asked for."""


class StoreError(Exception):
    """The store cannot be used; the message states what to do."""


class DiskAlmostFull(StoreError):
    """What is under way can be stored, and nothing more should be begun."""


class PurchaseClosed(StoreError):
    """The purchase has already ended, or another process has resumed it; nothing was written."""
