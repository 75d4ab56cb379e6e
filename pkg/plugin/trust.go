package plugin

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/cloudflare"
)

const (
	// trustFor is how long after Cloudflare took the credentials answers come from memory
	// without asking it again. It bounds for how long a revoked token still shows
	// anything.
	trustFor = 5 * time.Minute
	// doubtAfter is how long after Cloudflare has said that a token is active a refusal
	// is no reason to ask again: it refuses valid tokens now and then, with code 10000.
	doubtAfter = time.Minute
)

// trust knows whether Cloudflare still takes the credentials, because an answer from memory
// makes no call that would tell. Every call that succeeds tells so. Where none has lately, or
// one was refused since, the token itself is asked about: that takes no permission, so a
// missing one does not look like a token that was revoked.
type trust struct {
	client    *cloudflare.Client
	accountID string
	// byToken says that the credentials are an API token.
	byToken bool
	now     func() time.Time
	// forget frees what is kept.
	forget func()

	mu sync.Mutex
	// taken is when Cloudflare last took the credentials, verified when it last said that
	// they are valid, and tried when it was last asked whether they are.
	taken, verified, tried time.Time
	// doubted says that it has refused them since. refusal is what it said when it was
	// asked whether they are valid; nil if it did not say no.
	doubted bool
	refusal error
}

// observe learns from a call that has ended.
func (t *trust) observe(o cloudflare.Observation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case o.Kind == "":
		t.taken, t.doubted = t.now(), false
	case o.Kind == cloudflare.KindAuth && t.now().Sub(t.verified) > doubtAfter:
		t.doubted = true
	}
}

// holds says whether answers may come from memory. If not, err is why, nil where that has
// to be found out.
func (t *trust) holds() (ok bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	asked := t.now().Sub(t.tried) <= doubtAfter
	if t.doubted {
		if asked {
			err = t.refusal
		}
		return false, err
	}
	nothingKept := t.taken.IsZero()
	return nothingKept || asked || t.now().Sub(t.taken) <= trustFor, nil
}

// confirm fails where Cloudflare does not take the credentials any more, and has everything
// forgotten that they brought. Where it cannot be asked, such as in an outage, what is known
// counts: no refusal, or the last one.
func (t *trust) confirm(ctx context.Context) error {
	if ok, err := t.holds(); ok || err != nil {
		return err
	}
	_, err := cloudflare.Share(ctx, t.client, "are the credentials valid", func(ctx context.Context) (struct{}, error) {
		return struct{}{}, t.verify(ctx)
	})
	return err
}

func (t *trust) verify(ctx context.Context) error {
	if ok, err := t.holds(); ok || err != nil {
		return err // Who asked before has found it out.
	}
	paths := []string{"/user"}
	if t.byToken {
		// Tokens of a person answer at the first, those of an account at the second.
		paths = []string{"/user/tokens/verify", "/accounts/" + url.PathEscape(t.accountID) + "/tokens/verify"}
	}
	var refusal error
	for _, path := range paths {
		envelope, err := t.client.Get(ctx, path, nil)
		status := ""
		if err == nil {
			status = gjson.GetBytes(envelope.Result, "status").String()
		}
		switch {
		case err == nil && !slices.Contains([]string{"disabled", "expired"}, status):
			return t.settle(nil, true)
		case err == nil:
			refusal = &cloudflare.Error{Kind: cloudflare.KindAuth, Message: "Cloudflare says that the API token is " + status + ". Create a new one in Cloudflare, and paste it in the data source's settings."}
		case !refusesCredentials(err):
			return t.settle(nil, false)
		default:
			refusal = err
		}
	}
	return t.settle(refusal, true)
}

// settle takes in what asking about the credentials has come to. known is false where there
// was no answer to that.
func (t *trust) settle(refusal error, known bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tried = t.now()
	switch {
	case refusal != nil:
		t.doubted = true
		t.forget()
	case known:
		t.taken, t.verified, t.doubted = t.tried, t.tried, false
	case t.doubted:
		refusal = errRefused
	}
	t.refusal = refusal
	return refusal
}

var errRefused = &cloudflare.Error{Kind: cloudflare.KindAuth, Message: "Cloudflare refused the credentials, and does not say now whether they are valid. Check the token in the data source's settings, and try again."}

// refusesCredentials says that the answer to a question about the credentials themselves is
// no: a permission that could be missing does not exist.
func refusesCredentials(err error) bool {
	var e *cloudflare.Error
	return errors.As(err, &e) && (e.Kind == cloudflare.KindAuth || e.Kind == cloudflare.KindPermission && len(e.Codes) > 0)
}
