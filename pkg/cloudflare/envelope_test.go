package cloudflare

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// nothing is what there is to scrub.
var nothing = scrubber(Credentials{})

func TestEnvelopeIsSplitWithoutCopy(t *testing.T) {
	body := []byte(okBody)
	e, err := decodeREST(200, body, nothing)
	if err != nil {
		t.Fatal(err)
	}
	if string(e.Result) != `[{"id":1}]` || e.Info != (ResultInfo{PerPage: 25}) {
		t.Errorf("got %s, %+v", e.Result, e.Info)
	}
}

func TestOddResultInfoCountsAsAbsent(t *testing.T) {
	for _, info := range []string{`{"per_page":"1","total_count":null}`, `{"per_page":-3,"total_count":1e300}`, `[]`, `7`} {
		e, err := decodeREST(200, []byte(`{"success":true,"result":[],"result_info":`+info+`}`), nothing)
		if err != nil {
			t.Fatal(err)
		}
		if e.Info != (ResultInfo{}) {
			t.Errorf("%s gave %+v", info, e.Info)
		}
	}
}

func TestSuccessIsTrustedWhateverItsErrors(t *testing.T) {
	for _, errors := range []string{
		`[]`, `null`, `[{"code":1000,"message":"message","documentation_url":"x","source":{"pointer":"x"}}]`,
		`[{"code":10000,"message":"This API Token is valid and active"}]`, `{"code":1001,"message":"internal"}`, `"internal"`,
	} {
		e, failed := decodeREST(200, []byte(`{"success":true,"errors":`+errors+`,"result":[7]}`), nothing)
		if failed != nil || string(e.Result) != `[7]` {
			t.Errorf("errors %s gave %v", errors, failed)
		}
		for _, body := range []string{`{"success":false,"errors":` + errors + `,"result":[7]}`, `{"errors":` + errors + `,"result":[7]}`} {
			if e, failed := decodeREST(200, []byte(body), nothing); failed == nil || e != nil {
				t.Errorf("%s is no failure", body)
			}
		}
	}
}

func TestGraphQLErrorsThatAreNoListAreNotIgnored(t *testing.T) {
	for errors, ok := range map[string]bool{
		`[]`: true, `null`: true,
		`{"code":1001,"message":"internal"}`: false, `"internal"`: false, `true`: false, `{}`: false, `""`: false,
	} {
		if _, failed := decodeGraphQL(200, []byte(`{"data":{},"errors":`+errors+`}`), nothing); (failed == nil) != ok {
			t.Errorf("errors %s of GraphQL gave %v", errors, failed)
		}
	}
}

func TestDeepButQuotedBracketsAreFine(t *testing.T) {
	body := `{"success":true,"result":["` + strings.Repeat(`[{\"`, 20000) + `"]}`
	if _, err := decodeREST(200, []byte(body), nothing); err != nil {
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
		e, failed := decodeREST(status, body, nothing)
		if (e == nil) == (failed == nil) {
			t.Fatalf("envelope %v, error %v", e, failed)
		}
		if data, failed := decodeGraphQL(status, body, nothing); failed == nil && !json.Valid(data) {
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
