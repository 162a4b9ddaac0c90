package enroll_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/internal/enroll"
	"github.com/vestibule-id/vestibule/internal/identity"
	"github.com/vestibule-id/vestibule/internal/store/storetest"
)

// generated is a file of n users with hashes.
func generated(t testing.TB, n int) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "users.csv"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, header)
	for i := range n {
		fmt.Fprintf(w, "person%d@example.test,,Person Number %d,user,%s,false\n", i, i, aHash)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	return f
}

// BenchmarkImport imports 200,000 users with hashes, checked before and made
// visible at the end; "rows/s" is over all of it.
func BenchmarkImport(b *testing.B) {
	const users = 200_000
	for _, name := range storetest.Databases() {
		b.Run(name, func(b *testing.B) {
			file := generated(b, users)
			s := storetest.Open(b, storetest.Address(b, name))
			var spent time.Duration
			for i := range b.N {
				tenant := storetest.AddTenant(b, s, fmt.Sprintf("acme%d", i), identity.Workspace)
				file.Seek(0, 0)
				begin := time.Now()
				r, err := (&enroll.Service{Now: time.Now}).Import(b.Context(), tenant, operator, file, enroll.Options{}, identity.Peer{})
				if err != nil || r.Imported != users {
					b.Fatalf("%+v %v", r, err)
				}
				spent += time.Since(begin)
			}
			b.ReportMetric(float64(b.N*users)/spent.Seconds(), "rows/s")
		})
	}
}
