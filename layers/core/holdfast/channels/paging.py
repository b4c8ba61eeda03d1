"""Reading a list that changes while it is read, ordered by the time of the last change.

Page numbers alone lose orders: one that changes meanwhile moves to the end, and every one behind it moves up a place,
over the edge of a page that was read already. So the next page starts at the last time seen, again at page 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

SEPARATOR = "|"


@dataclass(frozen=True, slots=True)
class Page:
    """Page `number` of what changed from `since` on."""

    since: datetime
    number: int = 1

    def text(self) -> str:
        return f"{self.since.isoformat()}{SEPARATOR}{self.number}"

    def after(self, times: Sequence[datetime], *, full: int) -> "Page | None":
        """The next page, once this one showed changes at `times`; None after a page that was not `full`.

        Several pages of one and the same time, or a list in another order, are read by number, with the fault of it.
        """
        if len(times) < full:
            return None
        if list(times) == sorted(times) and times[-1] > self.since:
            return Page(times[-1])
        return Page(self.since, self.number + 1)


def read_page(cursor: str | None, *, since: datetime) -> Page:
    """The page that a cursor of `Page.text` names, the first one without. ValueError: it is no cursor of ours."""
    if cursor is None:
        return Page(since)
    begins, separator, number = cursor.rpartition(SEPARATOR)
    page = Page(datetime.fromisoformat(begins), int(number))
    if not separator or page.since.tzinfo is None or page.number < 1:
        raise ValueError("not a cursor of ours")
    return page
