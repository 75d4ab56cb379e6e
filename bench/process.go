package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// usage is what a process has used, as Linux tells it.
type usage struct {
	// cpu is user and system time, in steps of 10 ms.
	cpu time.Duration
	// resident and peak are bytes: now, and the most since the process started.
	resident, peak int64
}

// tick is the unit of times in /proc; Linux has the same on all platforms
// (USER_HZ).
const tick = 10 * time.Millisecond

// readUsage reads a process's usage. See proc_pid_stat(5) and
// proc_pid_status(5).
func readUsage(pid int) (usage, error) {
	stat, statErr := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	status, statusErr := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err := errors.Join(statErr, statusErr); err != nil {
		return usage{}, fmt.Errorf("CPU time and memory are read from /proc, which Linux has: %w", err)
	}
	// Fields are counted after the command's name, which may hold spaces.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, userErr := strconv.Atoi(fields[11])
	system, systemErr := strconv.Atoi(fields[12])
	resident, residentErr := statusKiB(status, "VmRSS")
	peak, peakErr := statusKiB(status, "VmHWM")
	return usage{time.Duration(user+system) * tick, resident << 10, peak << 10},
		errors.Join(userErr, systemErr, residentErr, peakErr)
}

func statusKiB(status []byte, name string) (int64, error) {
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strconv.ParseInt(strings.Fields(value)[0], 10, 64)
		}
	}
	return 0, fmt.Errorf("no %s in the process's status", name)
}

// metric reads a metric out of the Prometheus text format, the sum over all its
// labels.
func metric(text []byte, name string) (sum float64, found bool) {
	for line := range strings.Lines(string(text)) {
		rest, ok := strings.CutPrefix(line, name)
		if !ok || rest[0] != ' ' && rest[0] != '{' {
			continue
		}
		if value, err := strconv.ParseFloat(strings.TrimSpace(rest[strings.LastIndexByte(rest, ' ')+1:]), 64); err == nil {
			sum, found = sum+value, true
		}
	}
	return sum, found
}
