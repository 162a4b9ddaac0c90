// Package config is what the operator chose: the flags of serve and demo, and
// those every command has that opens the database.
//
// A value comes from the first of these that has one:
//
//	--public-url  →  VESTIBULE_PUBLIC_URL(_FILE)  →  public-url: in the YAML file  →  default
//
// Parse reads them all, once, in the program; everything else is handed the
// structs by value. The package checks what can be checked without opening
// anything and knows neither the database nor the network.
package config

import (
	"errors"
	"fmt"
	"strings"
)

// Database is what every command takes that opens the database.
type Database struct {
	Database        Address `default:"sqlite:vestibule.db" placeholder:"ADDRESS" help:"Where everything is kept: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME."`
	MigrateDatabase Address `placeholder:"ADDRESS" help:"The owner's address, for migrations, where it differs from --database (PostgreSQL)."`
	SealingKey      Secret  `placeholder:"KEY" help:"Seals signing keys, password hashes and other secrets at rest; several, newest first, are separated by commas or line ends. Give it as VESTIBULE_SEALING_KEY_FILE, a file others can neither read nor write. Without it SQLite has its key in a file beside the database (PATH.key); PostgreSQL needs one."`
}

// Serve is what serve and demo take beside Database.
type Serve struct {
	Listen        string `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where pages and API are served."`
	OpsListen     string `default:"127.0.0.1:9180" placeholder:"HOST:PORT" help:"Where /healthz, /readyz and /metrics are served; empty is off."`
	PublicAddress string `name:"public-url" placeholder:"URL" help:"The address people use. Links in mails are built from it, never from a request. http is for loopback only. Without it: http://localhost: and the port really bound."`
	Letters
	Migrate        bool     `default:"true" negatable:"" help:"Apply pending migrations before serving."`
	ProductName    string   `default:"Vestibule" placeholder:"NAME" help:"What pages and letters call the product."`
	TrustedProxies []string `placeholder:"PREFIX" help:"Networks whose forwarding headers are believed, such as 10.0.0.0/8; without it none are."`
	SignInStyle    string   `default:"workspace" enum:"workspace,extension,email" placeholder:"STYLE" help:"The style /login shows when the address does not tell the tenant: workspace, extension or email."`
	PasswordHash   string   `default:"argon2id,m=19456,t=2,p=1" placeholder:"KIND" help:"How new passwords are hashed; m is memory in KiB, t passes, p lanes."`

	Rules
	Floor []string `placeholder:"KEY=VALUE" help:"What no tenant may be laxer than: a time, a number of attempts, how long a link lasts or a rule about passwords, such as idle-timeout=1h or password-min-length=12; may be given several times."`
}

// Check reports the first thing wrong with how the database is named. The
// sentence names the flag and never repeats a value.
func (c Database) Check() error {
	if err := checkDatabase(c.Database); err != nil {
		return fmt.Errorf("--database: %w", err)
	}
	if c.MigrateDatabase != "" {
		if err := checkDatabase(c.MigrateDatabase); err != nil {
			return fmt.Errorf("--migrate-database: %w", err)
		}
		if !c.Database.isPostgres() || !c.MigrateDatabase.isPostgres() {
			return errors.New("--migrate-database: is for PostgreSQL; leave it out with SQLite")
		}
	}
	switch keys := c.SealingKeys(); {
	case len(keys) > 0:
		return nil
	case c.SealingKey != "":
		return errors.New("--sealing-key: holds no key, only separators")
	case c.Database.isPostgres():
		return errors.New("--sealing-key: must be given with PostgreSQL, best as a file named by VESTIBULE_SEALING_KEY_FILE")
	}
	return nil
}

// SealingKeys returns the texts of the given sealing keys, newest first; none
// when the key is to be looked for beside the SQLite file.
func (c Database) SealingKeys() []Secret { return SplitKeys(c.SealingKey) }

// SplitKeys returns the keys in a text that separates them by commas or line
// ends, as the flag and key files do.
func SplitKeys(text Secret) (keys []Secret) {
	for _, key := range strings.FieldsFunc(string(text), func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
		if key = strings.TrimSpace(key); key != "" {
			keys = append(keys, Secret(key))
		}
	}
	return keys
}

// Check reports the first thing wrong that can be known without opening
// anything. The sentence names the flag. What PasswordHash means is for
// package secret to say, what TrustedProxies are for package front.
func (c Serve) Check() error {
	checks := []struct {
		flag string
		err  error
	}{
		{"listen", checkListen(c.Listen)},
		{"ops-listen", checkOpsListen(c.OpsListen, c.Listen)},
		{"public-url", checkPublicURL(c.PublicAddress)},
		{"product-name", checkLine(c.ProductName)},
		{"password-hash", checkLine(c.PasswordHash)},
	}
	for _, check := range checks {
		if check.err != nil {
			return fmt.Errorf("--%s: %w", check.flag, check.err)
		}
	}
	if c.ProductName == "" {
		return errors.New("--product-name: must not be empty")
	}
	if err := c.Letters.Check(); err != nil {
		return err
	}
	return c.Rules.Check()
}
