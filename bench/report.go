package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// report writes Markdown and keeps the verdicts on the targets for the end.
type report struct {
	out     io.Writer
	reached [][]string
}

func (r *report) paragraph(format string, args ...any) {
	_, _ = fmt.Fprintf(r.out, format+"\n\n", args...)
}

// progress says on standard error what is going on, where a case takes minutes.
func (r *report) progress(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stderr, format+"\n", args...)
}

func (r *report) heading(o options) {
	r.paragraph("# Benchmark")
	r.paragraph("%s, %s/%s, %d CPUs. The account, the measuring and the executable share the machine: compare figures within a run.",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	if o.quick {
		r.paragraph("Quick: small sizes, to see that every answer is right. The figures say little.")
	}
}

func (r *report) section(title string) { r.paragraph("## %s", title) }

// table writes rows below headers, all columns but the first to the right.
func (r *report) table(headers []string, rows [][]string) {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s |\n|---|%s\n", strings.Join(headers, " | "), strings.Repeat("---:|", len(headers)-1))
	for _, row := range rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	_, _ = fmt.Fprintln(r.out, b.String())
}

// atMost holds a figure against its target. Both are in the same unit, whose
// text format writes.
func (r *report) atMost(what string, measured, target float64, format func(float64) string) {
	verdict := "reached"
	if measured > target {
		verdict = fmt.Sprintf("**missed by %s (%.0f %%)**", format(measured-target), 100*(measured/target-1))
		if target == 0 {
			verdict = fmt.Sprintf("**missed by %s**", format(measured))
		}
	}
	r.reached = append(r.reached, []string{what, "≤ " + format(target), format(measured), verdict})
}

func (r *report) verdicts() {
	if len(r.reached) == 0 {
		return
	}
	r.section("Targets")
	r.table([]string{"what", "target", "measured", "verdict"}, r.reached)
}

// growth says how figures grow with the number of rows: the exponent of the
// power law through the first and the last of them.
func growth(rows []int, figures []float64) string {
	last := len(rows) - 1
	if last < 1 || figures[0] <= 0 || figures[last] <= 0 || rows[0] == rows[last] {
		return "–"
	}
	exponent := math.Log(figures[last]/figures[0]) / math.Log(float64(rows[last])/float64(rows[0]))
	return fmt.Sprintf("rows^%.2f", exponent)
}

// number writes 1234567 as 1,234,567.
func number[T int | int64](n T) string {
	digits := strconv.FormatInt(int64(n), 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func plain(f float64) string { return number(int64(math.Round(f))) }

func times(f float64) string { return fmt.Sprintf("%.2f×", f) }

func mib(bytes float64) string {
	if bytes < 100<<20 {
		return fmt.Sprintf("%.1f MiB", bytes/(1<<20))
	}
	return fmt.Sprintf("%.0f MiB", bytes/(1<<20))
}

func bytesEach(f float64) string { return fmt.Sprintf("%.1f B", f) }

func milliseconds(f float64) string { return fmt.Sprintf("%.1f ms", f) }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// duration keeps three digits or so.
func duration(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%.1f ms", ms(d))
	case d < 10*time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
