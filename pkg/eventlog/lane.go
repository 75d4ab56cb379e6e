package eventlog

// lane is one worker's part of a scan. todo is the stack of its spans; the last
// one is at work. It is guarded by the scan's mutex, all else is the worker's.
type lane struct {
	todo    []span
	rows    int
	settled int64
	// recent is the density of the last page: it tells more of the next one than
	// the average of a quiet evening and busy hours.
	recent float64

	pager   pager
	builder *builder
	done    []span
	apart   []failure
	fetched int64
	bad     int
	tries   int
}

// steal takes the older half of what the lane with the most rows to come has
// left, if that is worth the call that the cut costs.
func (sc *scan) steal(l *lane) bool {
	if sc.settled == 0 {
		return false
	}
	average := float64(sc.rows) / float64(sc.settled)
	worth := 2 * float64(sc.habits.page())
	var victim *lane
	for _, other := range sc.lanes {
		if len(other.todo) == 0 || other.todo[0].length() < 2*second {
			continue
		}
		density := average
		if other.settled > 0 {
			density = max(float64(other.rows)/float64(other.settled), other.recent)
		}
		if left := density * float64(other.todo[0].length()); left > worth {
			victim, worth = other, left
		}
	}
	if victim == nil {
		return false
	}
	s := &victim.todo[0]
	half := floorTo(s.from+s.length()/2, second)
	if half <= s.from || half >= s.to {
		return false
	}
	l.todo = append(l.todo, span{s.from, half})
	s.from = half
	l.rows, l.settled, l.recent = 0, 0, 0
	return true
}

func (sc *scan) current(l *lane) (span, bool) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	if sc.stopped || len(l.todo) == 0 {
		if sc.stopped {
			sc.failures = append(sc.failures, failures(l.todo, sc.err)...)
			l.todo = nil
		}
		sc.changed.Broadcast()
		return span{}, false
	}
	return l.todo[len(l.todo)-1], true
}

func (l *lane) book(covered span, st step, rows int) {
	if n := len(l.done); n > 0 && l.done[n-1].from == covered.to {
		l.done[n-1].from = covered.from
	} else if n > 0 && l.done[n-1].to == covered.from {
		l.done[n-1].to = covered.to
	} else if !covered.empty() {
		l.done = append(l.done, covered)
	}
	if l.fetched == 0 {
		l.fetched = st.asked
	}
	l.bad += st.bad
	l.rows += rows
	l.settled += covered.length()
	if !covered.empty() {
		l.recent = float64(rows) / float64(covered.length())
	}
}
