package plugin

import (
	"context"
	"time"
)

// healthTimeout bounds Save & test, which a person waits for.
const healthTimeout = 25 * time.Second

// inTime ends a little before the caller's deadline. What is answered after that
// is lost, and with it the answers to the other queries of the request.
func inTime(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(time.Until(deadline)/20, time.Second/2)))
}
