package rest_test

import (
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
	"github.com/cfaccess/cfaccess-logs-datasource/internal/lab"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = lab.Noon

// holding is an account that has events.
func holding(events ...[]account.Event) account.Config {
	return account.Config{Events: slices.Concat(events...)}
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

func subset(part, all []string) bool {
	left := map[string]int{}
	for _, x := range all {
		left[x]++
	}
	for _, x := range part {
		if left[x]--; left[x] < 0 {
			return false
		}
	}
	return true
}
