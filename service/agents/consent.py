"""Consent to a purchase, bound to its quote: this key, these arguments, this cost, ten minutes, once.

GivenQuote -> quote token (signed) -> opened -> the quote it is of, checked        quote + what approved it -> Consent

Signed with a secret that only the service has: an agent can neither make a token nor change what one is for. Once: the
consent is the Idempotency-Key of the request, so the same quote is never carried out twice.
"""

import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal

from enrichment.domain.accepted_requests import GivenQuote, IdempotencyKey

Approval = Literal["nothing to pay", "policy", "person"]
_DIGITS = 32
"""Length of a signature in hexadecimal digits: 128 bits."""


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent to one purchase. by: what approved it. signature: covers key, arguments, cost and time of the quote."""

    quote: GivenQuote
    by: Approval
    signature: str

    @property
    def once(self) -> IdempotencyKey:
        return IdempotencyKey(self.quote.owner, f"consent:{self.quote.quote_id}", self.signature)


class Consents:
    """Makes and checks quote tokens and consents. secret: the signing key of this installation (signing_key)."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def token(self, quote: GivenQuote) -> str:
        """The token that an agent receives as the id of a quote."""
        return f"{quote.quote_id}.{self._signature('quote', quote)}"

    def is_of(self, token: str, quote: GivenQuote) -> bool:
        """Whether this token was made for this quote, as it is stored now."""
        return hmac.compare_digest(token.encode("utf-8", "surrogatepass"), self.token(quote).encode())

    def given(self, quote: GivenQuote, by: Approval) -> Consent:
        return Consent(quote, by, self._signature(f"consent by {by}", quote))

    def is_valid(self, consent: Consent, *, owner: str, now: datetime) -> bool:
        quote = consent.quote
        expected = self._signature(f"consent by {consent.by}", quote)
        return hmac.compare_digest(expected, consent.signature) and quote.owner == owner and now < quote.valid_until

    def _signature(self, what: str, quote: GivenQuote) -> str:
        bound = [what, quote.quote_id, quote.owner, dict(quote.ask), quote.most, quote.valid_until.isoformat()]
        data = json.dumps(bound, sort_keys=True).encode()
        return hmac.new(self._secret, data, sha256).hexdigest()[:_DIGITS]


def quote_id_of(token: str) -> str:
    return token.partition(".")[0]


def approved_by_policy(quote: GivenQuote, up_to: int | None) -> Approval | None:
    """up_to: micro-USD that the key may spend on one request unasked. None: a person has to approve."""
    if quote.most == 0:
        return "nothing to pay"
    return "policy" if up_to is not None and quote.most <= up_to else None
