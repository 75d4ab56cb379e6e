package query

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// matching is a query with so many filters, each of so many regular expressions.
func matching(t *testing.T, filters, values int, pattern func(i int) string) string {
	t.Helper()
	var list []filterModel
	for range filters {
		f := filterModel{Field: "app_name", Operator: "=~"}
		for i := range values {
			text, err := json.Marshal(pattern(i))
			require.NoError(t, err)
			f.Values = append(f.Values, text)
		}
		list = append(list, f)
	}
	b, err := json.Marshal(list)
	require.NoError(t, err)
	return ar(`"filters":` + string(b))
}

func TestRegularExpressionsOfAQueryAreBounded(t *testing.T) {
	for name, c := range map[string]struct {
		filters, values int
		pattern         func(i int) string
		fault           string
	}{
		"a list of names":        {1, 1000, func(i int) string { return fmt.Sprintf("^(wiki|crm)-%d\\.example$", i) }, ""},
		"one that says much":     {1, 1, func(int) string { return strings.Repeat("[a-z]{1,16}@", 80) }, ""},
		"many filters":           {50, 1000, func(i int) string { return fmt.Sprintf("a.*b%d", i) }, "more than 65536 bytes in all; at most 65536 are allowed"},
		"long ones":              {1, 100, func(int) string { return strings.Repeat("a", 1000) }, "more than 65536 bytes in all; at most 65536 are allowed"},
		"one that repeats":       {1, 1, func(int) string { return strings.Repeat("(a{10}b?){90}", 10) }, "too complex"},
		"many that repeat":       {1, 1000, func(int) string { return "(ab?){999}" }, "too complex"},
		"classes of many runes":  {1, 200, func(int) string { return strings.Repeat(`\pL`, 100) }, "too complex"},
		"a repetition too large": {1, 1, func(int) string { return "(a{1000}){1000}" }, "broken regular expression"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(matching(t, c.filters, c.values, c.pattern)), options())
			if c.fault == "" {
				require.NoError(t, err)
				return
			}
			var wrong *InvalidError
			require.ErrorAs(t, err, &wrong)
			require.ErrorContains(t, err, c.fault)
		})
	}
}

func TestNobodyWaitsForPatternsOfACanceledQuery(t *testing.T) {
	asked := 0
	o := options()
	o.Stopped = func() error {
		if asked++; asked > 3 {
			return context.Canceled
		}
		return nil
	}
	_, err := Parse([]byte(matching(t, 2, 500, func(i int) string { return fmt.Sprint("a.*", i) })), o)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 4, asked)
}

// The bound is far above what people ask.
func TestWorkIsEnoughForLegitimateQueries(t *testing.T) {
	for model, values := range map[string]struct{ number, length int }{
		ar(`"filters":[{"field":"ray_id","operator":"=~","values":["^8d(3f|40)"]}]`):                                                           {10_000_000, 16},
		ar(`"filters":[{"field":"user_email","operator":"=~","values":["^.*\\.(admin|root)@(example\\.com|example\\.org)$"]}]`):                {1_000_000, 40},
		matching(t, 1, 1000, func(i int) string { return fmt.Sprintf("somebody\\.%d@example\\.com", i) }):                                      {1_000_000, 40},
		ar(`"filters":[{"field":"app_domain","operator":"contains","values":["/admin"]},{"field":"country","operator":"!=","values":["GB"]}]`): {10_000_000, 200},
	} {
		r, err := Parse([]byte(model), options())
		require.NoError(t, err)
		w := NewWork(t.Context())
		for _, f := range r.Filters {
			w.Spend(f.Cost(values.length) * int64(values.number))
		}
		require.NoError(t, w.Err(), shorten(model))
	}
}

func TestWorkEndsWithItsContextOrItsLimit(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := NewWork(ctx)
	require.True(t, w.Spend(2*checkEvery))
	cancel()
	require.False(t, w.Spend(2*checkEvery))
	require.ErrorIs(t, w.Err(), context.Canceled)

	w = NewWork(t.Context())
	require.False(t, w.Spend(maxWork+1))
	require.ErrorContains(t, w.Err(), "too much work")
	require.False(t, w.Spend(1))
}
