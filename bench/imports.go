package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/vestibule-id/vestibule/internal/secret"
)

const figureImport = "imported users"

// measureImport times "vestibule user import", the start of the process
// included, with all cores, as an operator would run it.
func measureImport(ctx context.Context, b *bench, db *database) error {
	address, err := db.fresh(ctx)
	if err != nil {
		return err
	}
	foreign, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	if err != nil {
		return err
	}
	file, err := writeUsers(b.dir, b.imported, secret.Hash(foreign))
	if err != nil {
		return err
	}
	if err := b.command(ctx, address, db.keyFile, "tenant", "create", houseSlug, "--name", "Bench"); err != nil {
		return err
	}
	began := time.Now()
	if err := b.command(ctx, address, db.keyFile, "user", "import", "--tenant", houseSlug, file); err != nil {
		return err
	}
	took := time.Since(began)
	b.table.add(db, line{
		Figure: figureImport, Measured: float64(b.imported) / took.Seconds(), Unit: "/s", AtLeast: 20_000,
		Note: fmt.Sprintf("%d lines with bcrypt hashes, checked and imported in %.1f s by the command line on all cores.", b.imported, took.Seconds()),
	})
	return nil
}
