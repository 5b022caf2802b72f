"""How the runs of one monitor are accounted for. Pure: no clock, no store.

Each run that the schedule expects ends as exactly one of ok, late, failed, missed and timeout; one
that was missed may still turn up, late, until the next one is expected.
"""

from msgspec.structs import replace

from sentinel.intelligence.wording import iso, span
from sentinel.model.monitor import Cron, Every, Monitor, Run, RunStatus, Seen, Watch
from sentinel.model.signal import Checkin
from sentinel.monitors.schedule import after

# Timers and clocks differ a little: so early a run is still the one that is expected.
EARLY = 60.0
MOST_OPEN = 20
# What was overdue so long before it was noticed was so while nobody watched, in seconds.
UNWATCHED = 60.0
# How many runs are counted that fell into a time in which nobody watched.
MOST_COUNTED = 1_000


def begin(monitor: Monitor, now: float, before: Watch | None = None) -> Watch:
    """From now on. What is known of earlier runs stays, but for when the next one is expected."""
    next = None if monitor.schedule is None else after(monitor.schedule, now)
    return replace(before or Watch(), next=next, missed=None)


def due(monitor: Monitor, watch: Watch) -> float | None:
    """When something will be overdue; None where nothing can be."""
    ends = [run.until for run in watch.open if run.until is not None]
    if watch.next is not None:
        ends.append(watch.next + monitor.grace)
    return min(ends, default=None)


def set_right(monitor: Monitor, watch: Watch, now: float) -> Watch:
    """The watch itself, or one without times that only a clock that was ahead can have brought in:
    until they came again nothing would be missed."""
    next, schedule = watch.next, monitor.schedule
    if next is not None and schedule is not None:
        latest = after(schedule, now)
        if isinstance(schedule, Cron):
            # The run that is expected next may have begun a little early.
            latest = after(schedule, latest)
        if next > latest:
            watch = begin(monitor, now, watch)
    turn = Turn(monitor, watch, now)
    opened = tuple(turn.set_right(run) for run in watch.open)
    return watch if opened == watch.open else replace(watch, open=opened)


class Turn:
    """One monitor at one moment. `watch` is how far it is accounted for, `runs` are those that
    changed, by number, `told` those of them that were found to be missed, to take too long, or to
    begin while another was under way."""

    def __init__(self, monitor: Monitor, watch: Watch, now: float) -> None:
        self.monitor = monitor
        self.watch = watch
        self.now = now
        self.runs: dict[int, Run] = {}
        self.told: list[Run] = []

    def pass_time(self) -> None:
        """What is overdue by now."""
        for run in self.watch.open:
            if run.until is not None and run.until <= self.now:
                self.told.append(self._time_out(run))
        self._miss()

    def check_in(self, checkin: Checkin) -> None:
        """To be called after `pass_time`."""
        seen = Seen(
            at=self.now,
            project=checkin.project,
            environment=checkin.environment,
            tenant=checkin.tenant,
        )
        self._update(seen=seen)
        known = self._known(checkin)
        if checkin.status == "in_progress":
            if known is None or checkin.run is None:
                self._make_room()
                self._begin(checkin)
        elif known is None:
            self._put(self._closed(self._expected(checkin), checkin))
            self._wait_again()
        elif known.status == "running":
            self._update(open=_without(self.watch.open, known))
            self._put(self._closed(known, checkin))
            self._wait_again()
        else:
            # It took too long and that stays, but now it is known how long.
            self._update(over=_without(self.watch.over, known))
            self._put(replace(self._closed(known, checkin), status="timeout"))
            self._wait_again()

    def set_right(self, run: Run) -> Run:
        """One that has begun in the future has all its time from now on."""
        is_ahead = run.until is not None and (run.started or 0.0) > self.now + EARLY
        return replace(run, until=self._end_of(run)) if is_ahead else run

    def _known(self, checkin: Checkin) -> Run | None:
        """The run that it is about; without a key the latest one that was begun without one."""
        found = [run for run in (*self.watch.over, *self.watch.open) if run.key == checkin.run]
        return found[-1] if found else None

    def _begin(self, checkin: Checkin) -> None:
        run = replace(
            self._expected(checkin),
            status="running",
            started=self.now,
            overlaps=bool(self.watch.open),
        )
        run = replace(run, until=self._end_of(run))
        if run.overlaps:
            other = self.watch.open[-1]
            began = iso(other.started or self.now)
            run = replace(run, message=f"it began while the run of {began} was still under way")
            self.told.append(run)
        # Whatever ends without a key from now on is not one of those that took too long.
        over = tuple(one for one in self.watch.over if one.key != run.key)
        self._update(open=(*self.watch.open, run), over=over)
        if isinstance(self.monitor.schedule, Every):
            self._update(next=None)
        self._put(run)

    def _make_room(self) -> None:
        """Who never says that a run has ended must not fill the store. Nobody is told: so many at
        once may be how the job works."""
        if len(self.watch.open) >= MOST_OPEN:
            self._time_out(self.watch.open[0])

    def _end_of(self, run: Run) -> float | None:
        """When a run has taken too long."""
        if self.monitor.max_duration is not None:
            return self.now + self.monitor.max_duration
        schedule = self.monitor.schedule
        if schedule is None:
            return None
        # One that began a little early must not end when it was to begin.
        start = max(self.now, run.expected or 0.0) if isinstance(schedule, Cron) else self.now
        return after(schedule, start) + self.monitor.grace

    def _expected(self, checkin: Checkin) -> Run:
        """The run that begins now: which of those that were expected it is, if any."""
        watch, schedule = self.watch, self.monitor.schedule
        if isinstance(schedule, Cron) and watch.next is not None:
            following = after(schedule, watch.next)
            if self.now >= watch.next - min(EARLY, (following - watch.next) / 2):
                self._update(next=following, missed=None)
                return self._new(checkin, watch.next)
        if watch.missed is not None:
            return self._turned_up(watch.missed, checkin)
        return self._new(checkin, watch.next if isinstance(schedule, Every) else None)

    def _turned_up(self, missed: Run, checkin: Checkin) -> Run:
        self._update(missed=None)
        if missed.slots == 1:
            return replace(missed, key=checkin.run, late=True, message="")
        # Of several, it is the latest; the others stay missed.
        self._put(replace(missed, slots=missed.slots - 1, last=None))
        return replace(self._new(checkin, missed.last), late=True)

    def _new(self, checkin: Checkin, expected: float | None) -> Run:
        self._update(count=self.watch.count + 1)
        return Run(number=self.watch.count, status="ok", expected=expected, key=checkin.run)

    def _closed(self, run: Run, checkin: Checkin) -> Run:
        duration = checkin.duration
        if duration is None and run.started is not None:
            duration = self.now - run.started
        status: RunStatus = "late" if run.late else "ok"
        return replace(
            run,
            status="failed" if checkin.status == "error" else status,
            started=self.now - (duration or 0.0) if run.started is None else run.started,
            ended=self.now,
            duration=duration,
            until=None,
            message=checkin.message,
        )

    def _time_out(self, run: Run) -> Run:
        lasted = span(self.now - (run.started or self.now))
        text = f"the run that began at {iso(run.started or self.now)} has not ended after {lasted}"
        over = replace(run, status="timeout", until=None, message=text)
        watch = self.watch
        self._update(open=_without(watch.open, run), over=(*watch.over[-MOST_OPEN + 1 :], over))
        self._put(over)
        self._wait_again()
        return over

    def _wait_again(self) -> None:
        """An interval begins when nothing is under way any more."""
        if isinstance(self.monitor.schedule, Every) and not self.watch.open:
            self._update(next=after(self.monitor.schedule, self.now))

    def _miss(self) -> None:
        """Several at once only where nobody watched for a while: they are one row, told once."""
        schedule, first, grace = self.monitor.schedule, self.watch.next, self.monitor.grace
        if schedule is None or first is None or first + grace > self.now:
            return
        last, slots = first, 1
        while (following := after(schedule, last)) + grace <= self.now and slots < MOST_COUNTED:
            last, slots = following, slots + 1
        if slots == MOST_COUNTED:
            following = after(schedule, self.now)
        self._update(count=self.watch.count + 1, next=following)
        run = Run(
            number=self.watch.count,
            status="missed",
            expected=first,
            slots=slots,
            last=last if slots > 1 else None,
            message=_missed(first, last, slots, late=self.now - (last + grace)),
        )
        self._update(missed=run)
        self._put(run)
        self.told.append(run)

    def _put(self, run: Run) -> None:
        self.runs[run.number] = run

    def _update(self, **changes: object) -> None:
        self.watch = replace(self.watch, **changes)


def _missed(first: float, last: float, slots: int, late: float) -> str:
    """`late` is how many seconds ago the last of them was overdue."""
    number = f"{slots} or more" if slots == MOST_COUNTED else str(slots)
    text = f"nothing was heard of {number} runs expected from {iso(first)} to {iso(last)}"
    if slots == 1:
        text = f"nothing was heard of the run expected at {iso(first)}"
    unwatched = slots > 1 or late > UNWATCHED
    return f"{text}: Sentinel itself may not have run then" if unwatched else text


def _without(runs: tuple[Run, ...], one: Run) -> tuple[Run, ...]:
    return tuple(run for run in runs if run.number != one.number)
