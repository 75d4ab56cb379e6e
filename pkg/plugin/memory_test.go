package plugin

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

func softLimit() int64 { return debug.SetMemoryLimit(-1) }

func TestTheMemoryLimitFollowsWhatIsKept(t *testing.T) {
	t.Cleanup(func() {
		debug.SetMemoryLimit(math.MaxInt64)
		memory = memoryLimit{}
	})
	t.Setenv("GOMEMLIMIT", "1GiB")
	LimitMemory()
	require.False(t, memory.enabled, "the administrator says how much")
	t.Setenv("GOMEMLIMIT", "")
	LimitMemory()
	require.EqualValues(t, workingMemory, softLimit())
	memory.follow(100 << 20)
	require.EqualValues(t, workingMemory+100<<20, softLimit())
	memory.follow(101 << 20)
	require.EqualValues(t, workingMemory+100<<20, softLimit(), "a step too small")
	memory.follow(0)
	require.EqualValues(t, workingMemory, softLimit())
}

func TestAllInstancesCountAsKeeping(t *testing.T) {
	before := metricsOf.kept()
	a := account.New(upstreamOf(t, "access_requests"))
	for _, uid := range []string{"one that keeps", "another that keeps"} {
		before, d := metricsOf.kept(), named(t, uid, a)
		require.NoError(t, ask(t, d, nil, dataQuery("A", `{"queryType":"access_requests"}`))["A"].Error)
		require.Greater(t, metricsOf.kept(), before)
	}
	require.Greater(t, metricsOf.kept(), before)
}
