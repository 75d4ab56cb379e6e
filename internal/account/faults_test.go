package account_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// isRight says whether a call was answered, and well.
func isRight(t *testing.T, a *account.Account) bool {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, a.URL()+"/accounts/"+account.ID+"/access/logs/access_requests", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+account.Token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	var answer struct{ Success bool }
	return err == nil && response.StatusCode == http.StatusOK && json.Unmarshal(body, &answer) == nil && answer.Success
}

func TestFaultsStrikeWhileTheyAreOn(t *testing.T) {
	end := time.Now()
	faults := &account.Faults{Share: 1, Refused: time.Second, Hang: time.Millisecond, Slow: time.Millisecond}
	a := start(t, account.Config{Logins: account.NewLogins(100, end.Add(-time.Hour), end, account.Even), Limit: account.Unlimited, Faults: faults})
	for range 5 {
		if !isRight(t, a) {
			t.Fatal("a fault struck before it was turned on")
		}
	}
	faults.Turn(true)
	calls, right := 300, 0
	for range calls {
		if isRight(t, a) {
			right++
		}
	}
	faults.Turn(false)
	struck, sum := faults.Struck(), 0
	for _, name := range account.FaultNames() {
		if struck[name] == 0 {
			t.Errorf("%q never struck", name)
		}
		sum += struck[name]
	}
	// net/http makes a call again whose connection was reset before an answer, so
	// that there can be more of them.
	if sum < calls || right != struck["slow answer"] {
		t.Errorf("%d of %d calls struck, %d answered well, %d of them slowly", sum, calls, right, struck["slow answer"])
	}
	if !isRight(t, a) {
		t.Error("a fault struck after it was turned off")
	}
}
