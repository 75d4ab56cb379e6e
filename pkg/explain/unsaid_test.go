package explain

import "testing"

func TestWhatAnotherRuleSaysIsNotSaidAgain(t *testing.T) {
	const old, changed = "The identity was seen 19 hours after the login.", "Judged as the group “Sales” stood before."
	for note, want := range map[string]string{old: "", old + " " + changed: changed, changed: changed} {
		if got := unsaid(note, []string{old}); got != want {
			t.Errorf("%q leaves %q, want %q", note, got, want)
		}
	}
}
