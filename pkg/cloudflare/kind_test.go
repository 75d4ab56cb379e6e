package cloudflare

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKindOf(t *testing.T) {
	for want, err := range map[string]error{
		"rate_limit": fmt.Errorf("wrapped: %w", &Error{Kind: KindRateLimit, Err: context.Canceled}),
		"canceled":   fmt.Errorf("wrapped: %w", context.Canceled),
		"timeout":    context.DeadlineExceeded,
		"other":      errors.New("ada@example.com"),
	} {
		require.Equal(t, want, string(KindOf(err)))
	}
}
