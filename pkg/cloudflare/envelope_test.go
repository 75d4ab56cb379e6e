package cloudflare

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEnvelopeIsSplitWithoutCopy(t *testing.T) {
	body := []byte(okBody)
	e, err := decodeREST(200, body)
	if err != nil {
		t.Fatal(err)
	}
	if string(e.Result) != `[{"id":1}]` || e.Info != (ResultInfo{Count: 1, Page: 1, PerPage: 25}) {
		t.Errorf("got %s, %+v", e.Result, e.Info)
	}
}

func TestOddResultInfoCountsAsAbsent(t *testing.T) {
	e, err := decodeREST(200, []byte(`{"success":true,"result":[],"result_info":{"page":"1","per_page":-3,"count":1e300,"total_count":null}}`))
	if err != nil {
		t.Fatal(err)
	}
	if e.Info != (ResultInfo{}) {
		t.Errorf("got %+v", e.Info)
	}
}

func TestErrorsThatAreNoListAreNotIgnored(t *testing.T) {
	for errors, ok := range map[string]bool{
		`[]`: true, `null`: true, `{}`: true, `""`: true,
		`{"code":1001,"message":"internal"}`: false, `"internal"`: false, `true`: false,
	} {
		e, failed := decodeREST(200, []byte(`{"success":true,"errors":`+errors+`,"result":[]}`))
		if (failed == nil) != ok || (e != nil) != ok {
			t.Errorf("errors %s gave %v", errors, failed)
		}
		if _, failed := decodeGraphQL(200, []byte(`{"data":{},"errors":`+errors+`}`)); (failed == nil) != ok {
			t.Errorf("errors %s of GraphQL gave %v", errors, failed)
		}
	}
}

func TestDeepButQuotedBracketsAreFine(t *testing.T) {
	body := `{"success":true,"result":["` + strings.Repeat(`[{\"`, 20000) + `"]}`
	if _, err := decodeREST(200, []byte(body)); err != nil {
		t.Error(err)
	}
}

// FuzzEnvelope: an answer is either an error or holds a result that is valid
// JSON and that an independent decoder finds too.
func FuzzEnvelope(f *testing.F) {
	files, err := filepath.Glob("testdata/envelopes/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(200, body)
		f.Add(500, body)
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		e, failed := decodeREST(status, body)
		if (e == nil) == (failed == nil) {
			t.Fatalf("envelope %v, error %v", e, failed)
		}
		if data, failed := decodeGraphQL(status, body); failed == nil && !json.Valid(data) {
			t.Fatalf("data is not JSON: %q", data)
		}
		if failed != nil {
			if failed.Kind == "" || failed.Message == "" {
				t.Fatalf("error without kind or message: %+v", failed)
			}
			return
		}
		if status < 200 || status > 299 || !json.Valid(e.Result) || string(e.Result) == "null" {
			t.Fatalf("status %d gave the result %q", status, e.Result)
		}
	})
}
