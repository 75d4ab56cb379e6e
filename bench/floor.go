package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/cfaccess/cfaccess-logs-datasource/internal/account"
)

// floorCommand is how the program starts itself as the floor: a process of its
// own, so that its CPU time and memory are measured like the executable's.
const floorCommand = "floor"

// floorRow is a row of access_requests as far as the data source knows it.
type floorRow struct {
	Action     string    `json:"action"`
	Allowed    bool      `json:"allowed"`
	AppDomain  string    `json:"app_domain"`
	AppName    string    `json:"app_name"`
	AppType    string    `json:"app_type"`
	AppUID     string    `json:"app_uid"`
	Connection string    `json:"connection"`
	Country    string    `json:"country"`
	CreatedAt  time.Time `json:"created_at"`
	IPAddress  string    `json:"ip_address"`
	RayID      string    `json:"ray_id"`
	UserEmail  string    `json:"user_email"`
	UserID     string    `json:"user_id"`
}

// floorMain is the bare loop: page after page with net/http, decoded with
// encoding/json, counted and let go.
func floorMain(args []string, out io.Writer) error {
	flags := flag.NewFlagSet(floorCommand, flag.ContinueOnError)
	api := flags.String("api", "", "address of the account's API")
	from := flags.String("from", "", "start of the range")
	to := flags.String("to", "", "end of the range")
	if err := flags.Parse(args); err != nil {
		return err
	}
	started := time.Now()
	result := selfMeasured{}
	for page := 1; ; page++ {
		q := url.Values{"since": {*from}, "until": {*to}, "per_page": {strconv.Itoa(account.PageSize)},
			"limit": {strconv.Itoa(account.PageSize)}, "page": {strconv.Itoa(page)}, "direction": {"desc"}}
		n, err := floorPage(*api + "/accounts/" + account.ID + "/access/logs/access_requests?" + q.Encode())
		if err != nil {
			return err
		}
		result.Rows += n
		if n < account.PageSize {
			break
		}
	}
	result.Wall = time.Since(started)
	used, err := readUsage(os.Getpid())
	if err != nil {
		return err
	}
	result.CPU, result.Peak = used.cpu, used.peak
	return json.NewEncoder(out).Encode(result)
}

func floorPage(address string) (rows int, err error) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+account.Token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	var envelope struct {
		Success bool       `json:"success"`
		Result  []floorRow `json:"result"`
	}
	if err := json.NewDecoder(response.Body).Decode(&envelope); err != nil {
		return 0, err
	}
	if !envelope.Success {
		return 0, fmt.Errorf("the account refused: HTTP %d", response.StatusCode)
	}
	return len(envelope.Result), nil
}

// runFloor runs the floor over a range of an account that has n logins there.
func runFloor(ctx context.Context, a *account.Account, from, to time.Time, n int) (cost, error) {
	var result selfMeasured
	if err := runSelf(ctx, &result, floorCommand, "-api", a.URL(),
		"-from", from.Format(time.RFC3339Nano), "-to", to.Format(time.RFC3339Nano)); err != nil {
		return cost{}, err
	}
	if result.Rows != n {
		return cost{}, fmt.Errorf("the floor counts %d logins of %d", result.Rows, n)
	}
	return result.cost(), nil
}
