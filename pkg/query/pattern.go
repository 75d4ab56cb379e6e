package query

import (
	"errors"
	"regexp"
	"regexp/syntax"

	"github.com/cfaccess/cfaccess-logs-datasource/catalogue"
)

// A pattern's size is the number of steps of the program that it is compiled to;
// a{100} has a hundred. Beside its time, memory is what it bounds.
const (
	// maxPatternSize bounds one pattern: a single match cannot be interrupted.
	maxPatternSize = 5_000
	// maxPatternBytes and maxPatternSizes bound all patterns of a query together.
	maxPatternBytes = 64 << 10
	maxPatternSizes = 250_000
)

// patternBudget is what the regular expressions of one query have come to.
type patternBudget struct {
	bytes, size int
	// stopped says why the caller no longer waits; nil if it always does.
	stopped func() error
}

// take books a pattern before it is read.
func (b *patternBudget) take(pattern string) error {
	if b.stopped != nil {
		if err := b.stopped(); err != nil {
			return err
		}
	}
	if b.bytes += len(pattern); b.bytes > maxPatternBytes {
		return invalid("the query's regular expressions have more than %d bytes in all; at most %d are allowed. Use fewer or shorter ones, or = with the values", maxPatternBytes, maxPatternBytes)
	}
	return nil
}

// grow books the size of a pattern before it is compiled.
func (b *patternBudget) grow(size, runes int) error {
	if b.size += size + runes; size > maxPatternSize || b.size > maxPatternSizes {
		return invalid("the query's regular expressions are too complex: repetitions such as {100} count as often as they repeat. Use smaller ones, or fewer character classes")
	}
	return nil
}

// patterns compiles the values of a filter that are regular expressions.
func (f *Filter) patterns(budget *patternBudget) ([]*regexp.Regexp, error) {
	flags := ""
	if f.Field.Kind == catalogue.KindCountry || f.Field.Kind == catalogue.KindRayID {
		flags = "(?i)"
	}
	patterns := make([]*regexp.Regexp, len(f.Values))
	for i, v := range f.Values {
		if len(v) > MaxPatternLength {
			return nil, invalid("the filter on %s has a regular expression of %d characters; at most %d are allowed", f, len(v), MaxPatternLength)
		}
		if err := budget.take(v); err != nil {
			return nil, err
		}
		tree, err := syntax.Parse(flags+v, syntax.Perl)
		if err != nil {
			return nil, invalid("the filter on %s has a broken regular expression: %s%s. Use RE2 syntax: https://github.com/google/re2/wiki/Syntax", f, patternFault(err), which(i, len(f.Values)))
		}
		size, runes := measure(tree)
		if err := budget.grow(size, runes); err != nil {
			return nil, err
		}
		if patterns[i], err = regexp.Compile(flags + v); err != nil {
			return nil, invalid("the filter on %s has a broken regular expression: %s%s", f, patternFault(err), which(i, len(f.Values)))
		}
		if _, whole := patterns[i].LiteralPrefix(); whole {
			f.cost.addTexts(1)
		} else {
			f.cost.addProgram(size)
		}
	}
	return patterns, nil
}

// measure estimates the size of a pattern's program, and how many runes the
// character classes list that it shares.
func measure(re *syntax.Regexp) (size, runes int) {
	size = 1
	switch re.Op {
	case syntax.OpLiteral:
		size = len(re.Rune)
	case syntax.OpCharClass:
		runes = len(re.Rune)
	}
	for _, sub := range re.Sub {
		more, listed := measure(sub)
		size, runes = size+more, runes+listed
	}
	if re.Op == syntax.OpRepeat {
		size *= max(re.Min, re.Max, 1)
	}
	return size, runes
}

// patternFault says what is wrong with a pattern, but not the pattern: errors are
// logged, and a pattern can hold personal data.
func patternFault(err error) string {
	var fault *syntax.Error
	if errors.As(err, &fault) {
		return fault.Code.String()
	}
	return "it cannot be read"
}
