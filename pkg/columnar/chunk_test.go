package columnar

import (
	"testing"
)

func TestAllocatedIsWhatGoTakes(t *testing.T) {
	for n := 1; n < 1<<20; n += 1 + n/100 {
		// append gives a slice all of the memory that was taken for it.
		took := int64(cap(append([]byte(nil), make([]byte, n)...)))
		if got := allocated(n); got < took*7/8 || got > took*9/8 && got > took+16 {
			t.Errorf("%d bytes: %d, Go takes %d", n, got, took)
		}
	}
	if allocated(0) != 0 {
		t.Error("nothing takes memory")
	}
}
