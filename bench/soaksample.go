package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// warmUp is the part of the run, an eighth, after which growth counts.
const warmUp = 8

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

// median of a figure over samples: calls that hang, and those who wait for them,
// are not what grows.
func median(samples []sample, of func(s sample) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	slices.Sort(values)
	if len(values) == 0 {
		return 0
	}
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}

func (k *soak) report(before, after sample, during []sample, spent cost) {
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
	k.table([]string{"suggestions", "refused", "CPU of one", "peak memory"}, [][]string{{number(t.suggested), number(t.suggestionsRefused),
		fmt.Sprintf("%.1f %%", 100*spent.cpu.Seconds()/spent.wall.Seconds()), mib(float64(spent.peak))}})
	k.table([]string{"fault", "calls"}, kinds)
	warm := len(during) / warmUp
	middle := (warm + len(during)) / 2
	var rows [][]string
	for _, f := range figures {
		first, second := median(during[warm:middle], f.of), median(during[middle:], f.of)
		growth := second / first
		rows = append(rows, []string{f.name, f.format(f.of(before)), f.format(median(during[:warm], f.of)), f.format(first), f.format(second),
			times(growth), f.format(f.of(after))})
		if !k.quick && !f.keeps {
			k.atMost(fmt.Sprintf("%s of dashboards: %s, second half of the first", k.soak, f.name), growth, 1.1, times)
		}
	}
	k.table([]string{"median", "at rest before", "warm-up", "first half", "second half", "second of first", "at rest after"}, rows)
	k.atMost("at rest after dashboards: goroutines more than before", after.goroutines-before.goroutines, 0, plain)
	k.atMost("at rest after dashboards: connections more than before", after.connections-before.connections, 0, plain)
}
