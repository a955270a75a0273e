"""How fast something long goes, and how long it will still take.

Pure but for the clock, which can be given.
"""

import math
import time
from collections.abc import Callable

_QUIET = 1.0
"""Seconds at the beginning in which a rate would say nothing."""

_LEAST = 0.2
"""Seconds that two looks must lie apart for a rate between them."""

_SMOOTH = 3.0
"""Seconds after which an old rate hardly counts any more."""

_UNITS = (("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40))

_DECIMAL = 10
"""Of fewer units a decimal is told."""


class Pace:
    """Looks at how many bytes are done, and tells what follows from that."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.restart()

    def restart(self) -> None:
        """Something else begins."""
        self._began = self._looked = self._clock()
        self._done = self._first = 0
        self._rate = 0.0
        self._started = False

    def tell(self, done: int, total: int = 0) -> str:
        """`312 of 2,048 MiB · 410 MiB/s · 4 s left`; the total is 0 where nobody knows it.

        Where less is done than before, something else has begun.
        """
        if self._started and done < self._done:
            self.restart()
        self._look(done)
        parts = [amounts(done, total)]
        if self._clock() - self._began >= _QUIET and self._rate > 0:
            parts.append(f"{amounts(round(self._rate))}/s")
            if total > done:
                parts.append(f"{duration((total - done) / self._rate)} left")
        return " · ".join(parts)

    def _look(self, done: int) -> None:
        now = self._clock()
        if not self._started:
            self._started, self._first = True, done
            self._began = self._looked = now
            self._done = done
            return
        elapsed = now - self._looked
        if elapsed < _LEAST:
            return
        rate = (done - self._done) / elapsed
        if self._rate:
            share = 1 - math.exp(-elapsed / _SMOOTH)
            self._rate += share * (rate - self._rate)
        else:
            self._rate = (done - self._first) / (now - self._began)
        self._done, self._looked = done, now


def amounts(done: int, total: int = 0) -> str:
    """`312 of 2,048 MiB`, or `312 MiB` without a total, in the unit that fits the larger one."""
    largest = max(done, total)
    if largest < _UNITS[0][1]:
        return f"{done} of {total} bytes" if total else f"{done} bytes"
    # 2,048 MiB says more of how far it is than 2 GiB
    name, unit = next((one for one in _UNITS if largest < one[1] << 12), _UNITS[-1])
    told = [done / unit, total / unit] if total else [done / unit]
    decimals = 1 if max(told) < _DECIMAL else 0
    return f"{' of '.join(f'{one:,.{decimals}f}' for one in told)} {name}"


def duration(seconds: float) -> str:
    """`4 s`, `3 min`, `1 h 5 min`."""
    whole = math.ceil(seconds)
    if whole < 100:
        return f"{whole} s"
    minutes = math.ceil(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours:,} h {rest} min" if hours < 24 else f"{hours / 24:,.0f} days"
