package plugin

import (
	"os"
	"runtime/debug"
	"sync"
)

const (
	// workingMemory is what the executable uses, beside what its data sources keep,
	// before Go collects garbage more often than it otherwise would. An answer of
	// 100,000 rows is several copies of itself on its way to Grafana, and a heap of
	// that size would be allowed as much garbage again.
	workingMemory = 208 << 20
	// memoryStep is by how much what is kept must change for the limit to follow: to
	// set it stops all goroutines for a moment.
	memoryStep = 8 << 20
)

// memoryLimit is Go's soft limit of the process, which all data sources share.
type memoryLimit struct {
	mu      sync.Mutex
	enabled bool
	kept    int64
}

var memory memoryLimit

// LimitMemory has the process keep to a soft limit of memory that follows what its
// data sources keep. The environment variable GOMEMLIMIT takes precedence.
func LimitMemory() {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	memory.mu.Lock()
	defer memory.mu.Unlock()
	memory.enabled = true
	debug.SetMemoryLimit(workingMemory)
}

// follow sets the limit for what the data sources keep by now.
func (m *memoryLimit) follow(kept int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if changed := kept - m.kept; m.enabled && (changed > memoryStep || changed < -memoryStep) {
		m.kept = kept
		debug.SetMemoryLimit(workingMemory + kept)
	}
}

// kept is what all instances keep, in bytes.
func (r *metricsRegistry) kept() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	var n int64
	for _, m := range r.live {
		n += m.state.kept()
	}
	return n
}

func (c *stateCollector) kept() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	var n int64
	for _, d := range c.instances {
		if d.surfaces != nil {
			n += d.surfaces.Stats().Bytes
		}
	}
	return n
}
