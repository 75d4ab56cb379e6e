package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/bench/account"
)

// sample is what the executable holds at a moment.
type sample struct {
	at                                time.Time
	goroutines, heap, resident        float64
	descriptors, connections, threads float64
}

// figures are what must not grow; threads have no target, as Go never gives one
// back.
var figures = []struct {
	name   string
	of     func(s sample) float64
	format func(float64) string
	keeps  bool
}{
	{"goroutines", func(s sample) float64 { return s.goroutines }, oneDecimal, false},
	{"live heap", func(s sample) float64 { return s.heap }, mib, false},
	{"resident memory", func(s sample) float64 { return s.resident }, mib, false},
	{"open files and sockets", func(s sample) float64 { return s.descriptors }, oneDecimal, false},
	{"connections to the account", func(s sample) float64 { return s.connections }, oneDecimal, false},
	{"threads", func(s sample) float64 { return s.threads }, oneDecimal, true},
}

func oneDecimal(f float64) string { return fmt.Sprintf("%.1f", f) }

func (k *soak) sample(ctx context.Context) (sample, error) {
	s := k.first()
	text, err := s.metrics(ctx)
	if err != nil {
		return sample{}, err
	}
	used, usedErr := readUsage(s.process.PID())
	files, filesErr := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.process.PID()))
	one := sample{at: time.Now(), resident: float64(used.resident), descriptors: float64(len(files)), connections: float64(s.account.Connections())}
	for name, into := range map[string]*float64{"go_goroutines": &one.goroutines, "go_memstats_next_gc_bytes": &one.heap, "go_threads": &one.threads} {
		value, found := metric(text, name)
		if !found {
			return one, fmt.Errorf("the executable has no metric %s", name)
		}
		*into = value
	}
	// With GOGC at 100 the next collection is due at twice the live heap.
	one.heap /= 2
	return one, errors.Join(usedErr, filesErr)
}

// average of a figure over samples.
func average(samples []sample, of func(s sample) float64) float64 {
	sum := 0.0
	for _, s := range samples {
		sum += of(s)
	}
	return sum / float64(max(len(samples), 1))
}

func (k *soak) report(before, after sample, during []sample) {
	t, counts := &k.tally, k.first().account.Counts()
	struck, faults := k.faults.Struck(), 0
	var kinds [][]string
	for _, name := range account.FaultNames() {
		faults += struck[name]
		kinds = append(kinds, []string{name, number(struck[name])})
	}
	k.table([]string{"asked", "complete", "in part", "refused", "gone", "wrong", "calls", "of which went wrong"}, [][]string{{
		number(t.asked), number(t.whole), number(t.part), number(t.refused), number(t.gone), number(t.answersWrong),
		number(counts.Calls()), number(faults)}})
	k.table([]string{"fault", "calls"}, kinds)
	quarter := func(n int) []sample { return during[len(during)*(n-1)/4 : len(during)*n/4] }
	var rows [][]string
	for _, f := range figures {
		row := []string{f.name, f.format(f.of(before))}
		for n := 1; n <= 4; n++ {
			row = append(row, f.format(average(quarter(n), f.of)))
		}
		growth := average(quarter(4), f.of) / average(quarter(2), f.of)
		rows = append(rows, append(row, times(growth), f.format(f.of(after))))
		if !k.quick && !f.keeps {
			k.atMost(fmt.Sprintf("%s of dashboards: %s, last quarter of the second", k.soak, f.name), growth, 1.1, times)
		}
	}
	k.table([]string{"average", "at rest before", "first quarter", "second", "third", "last", "last of second", "at rest after"}, rows)
	k.atMost("at rest after dashboards: goroutines more than before", after.goroutines-before.goroutines, 0, plain)
	k.atMost("at rest after dashboards: connections more than before", after.connections-before.connections, 0, plain)
}
