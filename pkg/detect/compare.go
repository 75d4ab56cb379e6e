// Package detect is what events tell beside their number: which were the first of their
// kind, what follows what, and how a series stands to its own past. It works on columns
// and on answers, and knows neither how they were fetched nor Grafana's frames.
package detect

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/answer"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/query"
)

// Compare answers a request for a time series beside its own past: it asks for the
// series of each period, and sets the bucket of each beside the others. ask answers a
// request whose buckets lie Shift earlier. The series are those of now and of the past: one
// that is gone differs the most. A period that is not known whole has no say in the
// baseline, and makes the answer incomplete.
func Compare(ctx context.Context, r *query.Request, ask func(context.Context, *query.Request) (*answer.Result, error)) (*answer.Result, error) {
	periods := make([]*answer.Result, r.Compare.Times+1)
	group, ctx := errgroup.WithContext(ctx)
	for k := range periods {
		period := *r
		period.Shift = time.Duration(k) * r.Compare.Shift
		group.Go(func() (err error) {
			periods[k], err = ask(ctx, &period)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	now := periods[0]
	past := take(now, periods[1:], r.Compare.Shift)
	series, err := join(r, now.Series, past)
	if err != nil {
		return nil, err
	}
	now.Series = series
	return now, nil
}

// take adds to an answer what those of earlier periods cost and lack, and gives the
// series of the periods that are known whole.
func take(now *answer.Result, periods []*answer.Result, shift time.Duration) []*answer.Series {
	var known []*answer.Series
	c := &now.Coverage
	for i, p := range periods {
		ago := describe(time.Duration(i+1) * shift)
		var lacks []string
		for _, n := range p.Notices {
			same := func(o answer.Notice) bool { return strings.HasSuffix(o.Text, n.Text) }
			switch {
			case n.Severity == answer.Warning:
				lacks = append(lacks, n.Text)
			case !slices.ContainsFunc(now.Notices, same):
				now.Inform("%s earlier: %s", ago, n.Text)
			}
		}
		if p.Coverage.Complete {
			known = append(known, p.Series)
		} else {
			now.Incomplete(p.Coverage.Reason, fmt.Sprintf("The baseline leaves out the period %s earlier. %s", ago, strings.Join(lacks, " ")))
		}
		c.UpstreamCalls = max(c.UpstreamCalls, p.Coverage.UpstreamCalls)
		c.SavedCalls += p.Coverage.SavedCalls
		c.CachedRows += p.Coverage.CachedRows
		if at := p.Coverage.CachedAt; at != nil && (c.CachedAt == nil || at.Before(*c.CachedAt)) {
			c.CachedAt = at
		}
		if at := p.Coverage.RetryAt; at != nil && (c.RetryAt == nil || at.After(*c.RetryAt)) {
			c.RetryAt = at
		}
		now.Scanned += p.Scanned
		if len(p.Calls) > len(now.Calls) {
			now.Calls = p.Calls
		}
	}
	if len(known) < len(periods) {
		now.Notices = append(now.Notices, answer.Notice{Severity: answer.Warning, Text: fmt.Sprintf("The baseline is the mean of %d of %d earlier periods.", len(known), len(periods))})
	}
	return known
}

// describe writes a duration in the largest unit of which it is a whole number.
func describe(d time.Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if d%unit.length == 0 {
			return fmt.Sprintf("%d%s", d/unit.length, unit.name)
		}
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

// join makes the series of all groups, each with its baseline and deviation.
func join(r *query.Request, now *answer.Series, past []*answer.Series) (*answer.Series, error) {
	before := map[string][][]int64{} // by key: the counts of each period that has it
	counts := map[string][]int64{}
	var groups []answer.SeriesGroup
	for k, s := range append([]*answer.Series{now}, past...) {
		for _, g := range s.Groups {
			if len(g.Key) < len(r.GroupBy) {
				continue // It stands for a period without events.
			}
			key := keyOf(g)
			if _, ok := counts[key]; !ok {
				counts[key] = make([]int64, now.Buckets)
				groups = append(groups, answer.SeriesGroup{Key: g.Key, Counts: counts[key]})
				if err := answer.CheckSeriesSize(len(groups)*(len(past)+1), now.Buckets); err != nil {
					return nil, err
				}
			}
			if k == 0 {
				copy(counts[key], g.Counts)
			} else {
				before[key] = append(before[key], g.Counts)
			}
		}
	}
	s := answer.NewSeries(r, groups)
	for i := range s.Groups {
		g := &s.Groups[i]
		g.Baseline, g.Deviation = against(g.Counts, before[keyOf(*g)], len(past))
	}
	return s, nil
}

func keyOf(g answer.SeriesGroup) string {
	var b strings.Builder
	for _, cell := range g.Key {
		fmt.Fprintf(&b, "%t%d:%s", cell.Valid, len(cell.Text), cell.Text)
	}
	return b.String()
}

// against gives, for each bucket, the mean of the same one in n periods, and how many
// population standard deviations the count is above it. Periods that are not listed
// have no events. A number that there is not is NaN: where no period is known, and the
// deviation where the periods agree.
func against(counts []int64, periods [][]int64, n int) (baseline, deviation []float64) {
	baseline, deviation = make([]float64, len(counts)), make([]float64, len(counts))
	for bucket, count := range counts {
		// Whole numbers tell exactly whether all periods are equal.
		var sum, squares int64
		for _, p := range periods {
			sum += p[bucket]
			squares += p[bucket] * p[bucket]
		}
		baseline[bucket], deviation[bucket] = math.NaN(), math.NaN()
		if n == 0 {
			continue
		}
		baseline[bucket] = float64(sum) / float64(n)
		if spread := int64(n)*squares - sum*sum; spread > 0 {
			deviation[bucket] = (float64(count) - baseline[bucket]) * float64(n) / math.Sqrt(float64(spread))
		}
	}
	return baseline, deviation
}
