package query

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/interval"
)

// timed parses a query of an hour before noon with filters on times, each as
// field, operator and values.
func timed(queryType string, filters ...[]string) (*Request, error) {
	list := make([]map[string]any, len(filters))
	for i, f := range filters {
		list[i] = map[string]any{"field": f[0], "operator": f[1], "values": f[2:]}
	}
	raw, err := json.Marshal(map[string]any{"queryType": queryType, "filters": list})
	if err != nil {
		return nil, err
	}
	return Parse(raw, options())
}

func TestIntervals(t *testing.T) {
	const ms = time.Millisecond
	start, end := noon.Add(-time.Hour), noon.Add(ms) // the range has both its ends
	all := [][2]time.Time{{start, end}}
	for name, c := range map[string]struct {
		filters [][]string
		want    [][2]time.Time
	}{
		"no filter":                        {nil, all},
		"after":                            {[][]string{{"datetime", ">", "2026-11-21T11:30:00Z"}}, [][2]time.Time{{noon.Add(-30*time.Minute + ms), end}}},
		"from":                             {[][]string{{"datetime", ">=", "2026-11-21T11:30:00Z"}}, [][2]time.Time{{noon.Add(-30 * time.Minute), end}}},
		"before":                           {[][]string{{"datetime", "<", "2026-11-21T11:30:00Z"}}, [][2]time.Time{{start, noon.Add(-30 * time.Minute)}}},
		"until":                            {[][]string{{"datetime", "<=", "2026-11-21T11:30:00Z"}}, [][2]time.Time{{start, noon.Add(-30*time.Minute + ms)}}},
		"between whole milliseconds":       {[][]string{{"datetime", "<", "2026-11-21T11:30:00.0005Z"}}, [][2]time.Time{{start, noon.Add(-30*time.Minute + ms)}}},
		"at":                               {[][]string{{"datetime", "=", "2026-11-21T11:30:00Z", "2026-11-21T11:40:00Z"}}, [][2]time.Time{{noon.Add(-30 * time.Minute), noon.Add(-30*time.Minute + ms)}, {noon.Add(-20 * time.Minute), noon.Add(-20*time.Minute + ms)}}},
		"not at":                           {[][]string{{"datetime", "!=", "2026-11-21T11:30:00Z"}}, [][2]time.Time{{start, noon.Add(-30 * time.Minute)}, {noon.Add(-30*time.Minute + ms), end}}},
		"any of two":                       {[][]string{{"datetime", "<", "2026-11-21T11:10:00Z", "2026-11-21T11:20:00Z"}}, [][2]time.Time{{start, noon.Add(-40 * time.Minute)}}},
		"both of two filters":              {[][]string{{"datetime", ">=", "2026-11-21T11:10:00Z"}, {"datetime", "<", "2026-11-21T11:20:00Z"}}, [][2]time.Time{{noon.Add(-50 * time.Minute), noon.Add(-40 * time.Minute)}}},
		"of minutes, before":               {[][]string{{"datetimeMinute", "<", "2026-11-21T11:30:20Z"}}, [][2]time.Time{{start, noon.Add(-29 * time.Minute)}}},
		"of minutes, after":                {[][]string{{"datetimeMinute", ">", "2026-11-21T11:30:20Z"}}, [][2]time.Time{{noon.Add(-29 * time.Minute), end}}},
		"of minutes, at":                   {[][]string{{"datetimeMinute", "=", "2026-11-21T11:30:00Z"}}, [][2]time.Time{{noon.Add(-30 * time.Minute), noon.Add(-29 * time.Minute)}}},
		"of minutes, at what is no minute": {[][]string{{"datetimeMinute", "=", "2026-11-21T11:30:20Z"}}, nil},
		"of minutes, not at no minute":     {[][]string{{"datetimeMinute", "!=", "2026-11-21T11:30:20Z"}}, all},
		"of days":                          {[][]string{{"date", "=", "2026-11-21"}}, all},
		"of other days":                    {[][]string{{"date", "!=", "2026-11-21"}}, nil},
		"of earlier days":                  {[][]string{{"date", "<", "2026-11-21T00:00:01Z"}}, all},
		"a contradiction":                  {[][]string{{"datetime", ">", "2026-11-21T11:30:00Z"}, {"datetime", "<", "2026-11-21T11:20:00Z"}}, nil},
		"before the far future":            {[][]string{{"datetime", "<", "9999-12-31T00:00:00Z"}}, all},
		"not in the far future":            {[][]string{{"datetime", "!=", "9999-12-31T00:00:00Z"}}, all},
		"after the far future":             {[][]string{{"datetime", ">=", "9999-12-31T00:00:00Z"}}, nil},
		"after the distant past":           {[][]string{{"datetime", ">", "0001-01-01T00:00:00Z"}}, all},
		"before the distant past":          {[][]string{{"date", "<=", "1900-01-01"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := timed("login_groups", c.filters...)
			require.NoError(t, err)
			got, err := r.Intervals()
			require.NoError(t, err)
			var want []interval.Interval
			for _, ends := range c.want {
				want = append(want, interval.Interval{From: ends[0].UnixNano(), To: ends[1].UnixNano()})
			}
			require.Equal(t, want, got)
		})
	}
}

// Without a documented grain, the rows' own times decide.
func TestFiltersOnTimesOfRowsLeaveTheRange(t *testing.T) {
	r, err := timed("access_requests", []string{"created_at", ">", "2026-11-21T11:30:00Z"})
	require.NoError(t, err)
	got, err := r.Intervals()
	require.NoError(t, err)
	require.Equal(t, []interval.Interval{r.Range}, got)
}

func TestTooManyIntervalsAreRefused(t *testing.T) {
	filter := []string{"datetime", "!="}
	for i := range maxIntervals {
		filter = append(filter, noon.Add(-time.Duration(i+1)*time.Second).Format(time.RFC3339))
	}
	r, err := timed("login_groups", filter)
	require.NoError(t, err)
	_, err = r.Intervals()
	var wrong *InvalidError
	require.ErrorAs(t, err, &wrong)
	require.Contains(t, err.Error(), "datetime != cuts the time range into more than 100 pieces")

	r, err = timed("login_groups", filter[:len(filter)-1])
	require.NoError(t, err)
	list, err := r.Intervals()
	require.NoError(t, err)
	require.Len(t, list, maxIntervals)
}

// An interval holds exactly the times whose value, cut to the field's grain,
// passes the filter.
func TestIntervalsSayWhatTheFilterSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		field := rapid.SampledFrom([]string{"datetime", "datetimeMinute", "date"}).Draw(t, "field")
		filter := []string{field, rapid.SampledFrom([]string{"=", "!=", "<", "<=", ">", ">="}).Draw(t, "operator")}
		moment := rapid.Custom(func(t *rapid.T) time.Time {
			unit := rapid.SampledFrom([]time.Duration{time.Microsecond, time.Millisecond, time.Minute, 24 * time.Hour}).Draw(t, "unit")
			return noon.Add(time.Duration(rapid.Int64Range(-int64(time.Hour), int64(time.Hour)).Draw(t, "at"))).Truncate(unit)
		})
		for range rapid.IntRange(1, 3).Draw(t, "values") {
			filter = append(filter, moment.Draw(t, "value").Format(time.RFC3339Nano))
		}
		r, err := timed("login_groups", filter)
		if err != nil {
			t.Fatal(err)
		}
		list, err := r.Intervals()
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			at := moment.Draw(t, "at").Truncate(time.Millisecond)
			value := at.Truncate(time.Duration(r.Filters[0].Field.GrainMS) * time.Millisecond)
			in := 0
			for _, i := range list {
				if i.Contains(at.UnixNano()) {
					in++
				}
			}
			want := 0
			if r.Range.Contains(at.UnixNano()) && r.Filters[0].MatchTime(value) {
				want = 1
			}
			if in != want {
				t.Fatalf("%s is in %d of %v", at, in, list)
			}
		}
	})
}
