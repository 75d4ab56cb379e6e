// Command bench measures the plugin's executable from outside: it builds it,
// starts it as Grafana does, lets it ask a Cloudflare account made for
// measuring, and prints tables in Markdown. Every answer is held against what
// the account has; a wrong one fails the run. See README.md.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	quick      bool
	verbose    bool
	executable string
	cases      []string
	rows       []int
	latencies  []time.Duration
	// refreshAfter is how long a dashboard stands before it is refreshed.
	refreshAfter time.Duration
	// soak is how long dashboards are looked at, and by how many.
	soak      time.Duration
	soakUsers int
}

// benchCase measures one thing and writes its tables to the report. An error is
// a wrong answer, or a measurement that was not possible.
type benchCase struct {
	name, about string
	run         func(ctx context.Context, b *bench) error
}

var benchCases = []benchCase{
	{"startup", "from starting the process to its first answer", runStartUp},
	{"scan", "cold scan, and the same query again", runScan},
	{"dashboard", "twelve panels at once, 30 seconds later, ten users", runDashboard},
	{"grouping", "stored events into buckets by groups", runGrouping},
	{"detect", "what was first seen among stored events, and twelve detections at once", runDetect},
	{"store", "memory an event, and the limit under load", runStore},
	{"frames", "rows to data frames", runFrames},
	{"month", "30 days of GraphQL by the minute", runMonth},
	{"budget", "60 calls in five minutes", runBudget},
	{"ceilings", "memory of what takes the most, and work that nobody waits for", runCeilings},
	{"soak", "an hour's worth of dashboards on an account that misbehaves", runSoak},
}

// bench is one run.
type bench struct {
	options
	report
	executablePath string
}

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case floorCommand:
			exit(floorMain(os.Args[2:], os.Stdout))
		case frameCommand:
			exit(frameMain(os.Args[2:], os.Stdout))
		}
	}
	o, err := parseOptions(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		exit(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(run(ctx, o, os.Stdout))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func parseOptions(args []string) (options, error) {
	o := options{refreshAfter: 30 * time.Second}
	var cases, rows, latencies string
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.BoolVar(&o.quick, "quick", false, "small sizes, to see that every answer is right; the figures say little")
	flags.BoolVar(&o.verbose, "v", false, "show the executable's log")
	flags.StringVar(&cases, "case", "", "cases to run, separated by commas; all if absent")
	flags.StringVar(&rows, "rows", "", "logins of the account, separated by commas (1000,10000,100000,1000000)")
	flags.StringVar(&latencies, "latency", "", "latencies of the account, separated by commas (0,100ms)")
	flags.DurationVar(&o.soak, "soak", 0, "how long the case soak takes for the refreshes of an hour (4m); 1h refreshes every 30 seconds")
	flags.IntVar(&o.soakUsers, "users", 8, "how many Grafana users the case soak has")
	flags.StringVar(&o.executable, "executable", "", "an executable that is built already")
	flags.Usage = func() {
		_, _ = fmt.Fprintln(flags.Output(), "npm run bench -- [--quick] [--case names] [--rows numbers] [--latency durations]")
		flags.PrintDefaults()
		_, _ = fmt.Fprintln(flags.Output(), "\nCases:")
		for _, c := range benchCases {
			_, _ = fmt.Fprintf(flags.Output(), "  %-10s %s\n", c.name, c.about)
		}
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.soak != 0 && (o.soak < 10*time.Second || o.soak > 24*time.Hour) {
		return o, fmt.Errorf("--soak takes a duration from 10s to 24h, not %s", o.soak)
	}
	if o.soakUsers < 1 || o.soakUsers > 1000 {
		return o, fmt.Errorf("--users takes a number from 1 to 1000, not %d", o.soakUsers)
	}
	o.rows, o.latencies = []int{1000, 10_000, 100_000, 1_000_000}, []time.Duration{0, 100 * time.Millisecond}
	standard := 4 * time.Minute
	if o.quick {
		o.rows, o.latencies, o.refreshAfter = []int{1000, 12_000}, []time.Duration{5 * time.Millisecond}, 4*time.Second
		standard = 12 * time.Second
	}
	o.soak = cmp.Or(o.soak, standard)
	return o, errors.Join(
		parseList(rows, &o.rows, parseRows),
		parseList(latencies, &o.latencies, time.ParseDuration),
		parseList(cases, &o.cases, parseCase))
}

// parseList replaces the default if there is a list.
func parseList[T any](text string, into *[]T, parse func(string) (T, error)) error {
	if text == "" {
		return nil
	}
	*into = nil
	for item := range strings.SplitSeq(text, ",") {
		value, err := parse(strings.TrimSpace(item))
		if err != nil {
			return err
		}
		*into = append(*into, value)
	}
	return nil
}

func parseRows(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 100 || n > 10_000_000 {
		return 0, fmt.Errorf("--rows takes numbers from 100 to 10000000, not %q", text)
	}
	return n, nil
}

func parseCase(text string) (string, error) {
	if !slices.ContainsFunc(benchCases, func(c benchCase) bool { return c.name == text }) {
		names := make([]string, len(benchCases))
		for i, c := range benchCases {
			names[i] = c.name
		}
		return "", fmt.Errorf("no case %q; there are %s", text, strings.Join(names, ", "))
	}
	return text, nil
}

// run runs the cases. One that fails does not keep the others from running.
func run(ctx context.Context, o options, out io.Writer) error {
	b := &bench{options: o, report: report{out: out}, executablePath: o.executable}
	if b.executablePath == "" {
		folder, err := os.MkdirTemp("", "bench")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(folder) }()
		b.executablePath = filepath.Join(folder, "executable")
		if err := build(ctx, b.executablePath); err != nil {
			return err
		}
	}
	b.heading(o)
	var failed error
	for _, c := range benchCases {
		if len(o.cases) > 0 && !slices.Contains(o.cases, c.name) {
			continue
		}
		if ctx.Err() != nil {
			return errors.Join(failed, ctx.Err())
		}
		if err := c.run(ctx, b); err != nil {
			err = fmt.Errorf("case %s: %w", c.name, err)
			b.paragraph("**FAILED:** %v", err)
			failed = errors.Join(failed, err)
		}
	}
	b.verdicts()
	return failed
}

// build compiles the executable as a release is compiled.
func build(ctx context.Context, path string) error {
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-w -s", "-o", path, //nolint:gosec // our own path
		"github.com/cfaccess/cfaccess-logs-datasource/pkg")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("building the executable: %w", err)
	}
	return nil
}
