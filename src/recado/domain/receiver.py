"""Whether a webhook's receiver is up, judged by nothing but what came of the last deliveries.

The rule: ten failures in a row that do not speak of one event alone, and it is down as a whole. From then on its cursor
stands still, and one delivery at a time is tried as a probe; the first that arrives, of whatever event, ends it, and so
does an answer that refuses that one event. Three days of it, and the receiver is given up.
"""

from __future__ import annotations

from datetime import datetime

from .delivery import DOWN_AFTER, GIVE_UP_AFTER, Failed, probe_delay


class Receiver:
    """`failing_since` and `probe_at` are both set while it is down, and None while it is not."""

    def __init__(self, *, failing_since: datetime | None = None, probe_at: datetime | None = None) -> None:
        self.failing_since = failing_since
        self.probe_at = probe_at or failing_since
        self._failures = 0
        self._first_failure = failing_since

    @property
    def is_down(self) -> bool:
        return self.failing_since is not None

    def failed(self, failed: Failed, now: datetime) -> bool:
        """Take note of one that blames the receiver; True when it is the one by which it is found to be down."""
        if self.failing_since is not None:
            self.probe_at = now + probe_delay(failing_since=self.failing_since, now=now, retry_after=failed.retry_after)
            return False
        self._failures += 1
        if self._failures == 1:
            self._first_failure = now
        if self._failures < DOWN_AFTER:
            return False
        self.failing_since = self._first_failure or now
        self.probe_at = now + probe_delay(failing_since=now, now=now, retry_after=failed.retry_after)
        return True

    def is_given_up(self, now: datetime) -> bool:
        """Whether it has been down for so long that trying on is left to people."""
        return self.failing_since is not None and now - self.failing_since >= GIVE_UP_AFTER

    def answered(self) -> datetime | None:
        """Take note that it is alive; when this ends an outage, since when it had been down."""
        since, self.failing_since, self.probe_at, self._failures = self.failing_since, None, None, 0
        return since
