package cloudflare

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
)

const (
	// maxPage and maxGroups bound an answer of REST and of GraphQL, decompressed. A
	// page of 1,000 rows has about half a MiB; GraphQL is asked for about 32 MiB.
	maxPage   = 32 << 20
	maxGroups = 64 << 20
	// smallBody is what each call may read. A longer body is read, and used, one at a
	// time: what is compressed well is small on the wire, so nothing else bounds
	// what several of them take together.
	smallBody = 1 << 20
)

// errTooLarge is a body that is longer than it may be.
var errTooLarge = errors.New("the body is too large")

// bodies is the turn of a Client's long bodies.
type bodies chan struct{}

// read reads a body of at most so many bytes. release must be called once nothing of it is used any more.
func (b bodies) read(ctx context.Context, response *http.Response, most int) (body []byte, release func(), err error) {
	buffer := make([]byte, 0, min(max(response.ContentLength, 0), smallBody)+512)
	release = func() {}
	for {
		if cap(buffer)-len(buffer) < 512 {
			if len(buffer) >= smallBody && cap(buffer) < 2*smallBody {
				select {
				case b <- struct{}{}:
					release = sync.OnceFunc(func() { <-b })
				case <-ctx.Done():
					return nil, release, ctx.Err()
				}
			}
			larger := make([]byte, len(buffer), max(2*cap(buffer), 64<<10))
			copy(larger, buffer)
			buffer = larger
		}
		n, err := response.Body.Read(buffer[len(buffer):cap(buffer)])
		switch buffer = buffer[:len(buffer)+n]; {
		case len(buffer) > most:
			return buffer, release, errTooLarge
		case errors.Is(err, io.EOF):
			return buffer, release, nil
		case err != nil:
			return buffer, release, err
		}
	}
}

type holdKey struct{}

// hold is what the calls of a context keep.
type hold struct {
	mu       sync.Mutex
	releases []func()
}

// Hold has the calls that are made with the context keep their turn until release,
// for callers who have not used up what they were given when a call returns.
func Hold(ctx context.Context) (held context.Context, release func()) {
	h := &hold{}
	return context.WithValue(ctx, holdKey{}, h), func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, release := range h.releases {
			release()
		}
		h.releases = nil
	}
}

// keep leaves a release to the context's holder, or does it where there is none.
func keep(ctx context.Context, release func()) {
	h, ok := ctx.Value(holdKey{}).(*hold)
	if !ok {
		release()
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.releases = append(h.releases, release)
}
