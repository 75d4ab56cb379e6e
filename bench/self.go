package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// selfMeasured is what a process prints that this program starts of itself. CPU
// and Peak are its own view: what a parent is told can hold of the parent's.
type selfMeasured struct {
	Rows int           `json:"rows"`
	Wall time.Duration `json:"wall"`
	CPU  time.Duration `json:"cpu"`
	Peak int64         `json:"peak"`
	// HandOver is what gRPC takes for a frame; 0 where there is none.
	HandOver time.Duration `json:"handOver"`
}

func (m selfMeasured) cost() cost { return cost{wall: m.Wall, cpu: m.CPU, peak: m.Peak} }

// runSelf starts this program with a command of its own.
func runSelf(ctx context.Context, into *selfMeasured, command string, args ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	process := exec.CommandContext(ctx, self, append([]string{command}, args...)...) //nolint:gosec // this program
	process.Stderr = os.Stderr
	text, err := process.Output()
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("the process for %s: %w", command, err)
	}
	return nil
}
