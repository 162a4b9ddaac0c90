package outbox_test

import (
	"context"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/internal/housetest"
	"github.com/vestibule-id/vestibule/internal/store"
)

// The tenant's logo travels with its letters, and they come from the name it
// chose.
//
// Proves: G7, 5.5
func TestLettersOnTheTenantsPaper(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		p := newPost(t, h, nil)
		write := func() (from string, logo bool) {
			l, err := p.worker.Writer.Write(t.Context(), p.acme, p.enqueue(t))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(l.HTML, "cid:logo") != (l.Logo != nil) {
				t.Errorf("the letter shows a logo that is not there, or none that is")
			}
			return l.FromName, l.Logo != nil && string(l.Logo.Data) == "a picture" && l.Logo.ContentType == "image/png"
		}
		if from, logo := write(); logo || from == "Acme Care" {
			t.Errorf("from %s, logo %v", from, logo)
		}
		p.tx(t, func(ctx context.Context, tx *store.Tx) error {
			tenant, err := tx.Get(ctx)
			if err != nil {
				return err
			}
			tenant.Policy.Logo, tenant.Policy.MailSender = "aa", "Acme Care"
			if err := tx.SetLogo(ctx, store.Logo{Fingerprint: "aa", Picture: []byte("a picture")}); err != nil {
				return err
			}
			return tx.Set(ctx, tenant)
		})
		if from, logo := write(); !logo || from != "Acme Care" {
			t.Errorf("from %s, logo %v", from, logo)
		}
	})
}
