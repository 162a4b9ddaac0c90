package config

import "fmt"

// Letters is what is needed to send mail: for serve and demo, and for trying
// it out.
type Letters struct {
	Mail          Address `placeholder:"ADDRESS" help:"The mail server: smtp://USER:PASSWORD@HOST:PORT or smtps://…; smtp:// may go without TLS to loopback, elsewhere only with ?tls=none. Without it letters wait in the outbox."`
	MailFrom      string  `default:"Vestibule <no-reply@localhost>" placeholder:"ADDRESS" help:"The sender of letters. What comes back goes to bounce+…@ its domain."`
	MailTemplates string  `placeholder:"DIR" help:"A folder with words and templates of your own for letters: en.json, letter.html and the like. Without it the built-in ones are used."`
}

// Check reports the first thing wrong, naming its flag.
func (c Letters) Check() error {
	for _, check := range []struct {
		flag string
		err  error
	}{
		{"mail", checkMail(c.Mail)},
		{"mail-from", checkSender(c.MailFrom)},
		{"mail-templates", checkLine(c.MailTemplates)},
	} {
		if check.err != nil {
			return fmt.Errorf("--%s: %w", check.flag, check.err)
		}
	}
	return nil
}
