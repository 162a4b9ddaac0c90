package main

import (
	"context"

	"github.com/vestibule-id/vestibule/internal/config"
	"github.com/vestibule-id/vestibule/internal/operator"
)

type backupCmd struct {
	config.Database
	File string `arg:"" help:"The file to make."`
}

// Run copies the embedded database while the server runs.
func (c *backupCmd) Run(ctx context.Context, p *program) error {
	return onDatabase(ctx, c.Database, p, func(s *operator.Service) error {
		if err := s.Backup(ctx, c.Database.Database, c.File); err != nil {
			return err
		}
		p.say("The backup is made. The sealing key is not in it: keep a copy of the key elsewhere, for without it nobody can open the backup.")
		return nil
	})
}

type restoreCmd struct {
	config.Database
	File string `arg:"" help:"The backup."`
}

// Run puts a backup in the place of the embedded database.
func (c *restoreCmd) Run(ctx context.Context, p *program) error {
	done, err := operator.Restore(ctx, c.Database, c.File, p.now())
	if err != nil {
		return err
	}
	p.say("The backup is restored; %s ended.", counted(int(done.Sessions), "session that was alive in it has", "sessions that were alive in it have"))
	if done.Kept != "" {
		p.say("The database that was there is kept as %s. Delete it when you are sure.", done.Kept)
	}
	return nil
}
