"""Why a listing shows, or showed, its number."""

from dataclasses import dataclass
from datetime import datetime

from holdfast.domain.errors import NeverPushed, UnknownListing
from holdfast.domain.listing import ListingKey
from holdfast.domain.passport import ACKNOWLEDGED, SENT, Passport, sentence
from holdfast.domain.push import PushState
from holdfast.services.context import Context

LOOKED_AT = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """`passport` of the number that was shown; `later`: numbers sent after it that were not acknowledged by then.

    `sentence` for people. `state` as it is now, whatever time was asked about.
    """

    sentence: str
    passport: Passport
    later: tuple[Passport, ...]
    state: PushState


def explain(context: Context, key: ListingKey, *, at: datetime) -> Explanation:
    """Raises UnknownListing; NeverPushed if nothing was pushed by then, or its passport is gone."""
    state = context.ledger.pushes.get(key)
    if state.fence == 0 and context.ledger.listings.get(key) is None:
        raise UnknownListing(str(key))
    found = context.ledger.passports.newest(key, at=at, limit=LOOKED_AT)
    shown = next((each for each in found if _was_shown(each, at)), None)
    if shown is None:
        shown = next((each for each in found if each.answer == SENT), None) or (found[0] if found else None)
    if shown is None:
        raise NeverPushed(str(key))
    later = tuple(each for each in found if (each.sent_at, each.fence) > (shown.sent_at, shown.fence))
    return Explanation(sentence=_sentence(shown, later), passport=shown, later=later, state=state)


def _was_shown(passport: Passport, at: datetime) -> bool:
    return passport.answer == ACKNOWLEDGED and passport.answered_at is not None and passport.answered_at <= at


def _sentence(shown: Passport, later: tuple[Passport, ...]) -> str:
    told = sentence(shown)
    if not later:
        return told
    newest = later[0]
    said = "has no answer yet" if newest.answer in (SENT, ACKNOWLEDGED) else f"was refused ({newest.answer})"
    return f"{told} {newest.quantity} was sent after it and {said}."
