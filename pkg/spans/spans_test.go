package spans

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

func TestKindOf(t *testing.T) {
	for want, err := range map[string]error{
		"rate_limit": fmt.Errorf("wrapped: %w", &cloudflare.Error{Kind: cloudflare.KindRateLimit, Err: context.Canceled}),
		"canceled":   fmt.Errorf("wrapped: %w", context.Canceled),
		"timeout":    context.DeadlineExceeded,
		"other":      errors.New("ada@example.com"),
	} {
		require.Equal(t, want, KindOf(err))
	}
}
