package mail

import (
	"errors"
	"strings"
	"testing"
)

var bounceTokenA = strings.Repeat("ab", 25)

// report is a delivery report as Postfix writes it.
func report(to, action, messageID string) string {
	return strings.ReplaceAll(`Return-Path: <>
Delivered-To: `+to+`
Date: Wed, 2 Jan 2030 09:00:00 +0000
From: MAILER-DAEMON@mail.test (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: `+to+`
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="4D1.1/mail.test"
Message-Id: <20300102090000.4D1@mail.test>

This is a MIME-encapsulated message.

--4D1.1/mail.test
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--4D1.1/mail.test
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.test
X-Postfix-Queue-ID: 4D1
Arrival-Date: Wed, 2 Jan 2030 08:59:00 +0000

Final-Recipient: rfc822; gone@acme.test
Original-Recipient: rfc822;gone@acme.test
Action: `+action+`
Status: 5.1.1
Remote-MTA: dns; mx.acme.test
Diagnostic-Code: smtp; 550 5.1.1 <gone@acme.test>: Recipient address rejected:
    User unknown

--4D1.1/mail.test
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

From: Acme <no-reply@door.test>
To: <gone@acme.test>
Message-ID: <`+messageID+`>

--4D1.1/mail.test--
`, "\n", "\r\n")
}

// Proves: Q7, 4.7
func TestReadBounce(t *testing.T) {
	ours, theirs := bounceTokenA+"@door.test", "abc@elsewhere.test"
	for _, row := range []struct {
		name, message string
		tokens        int
		failed        bool
		wrong         bool
	}{
		{"to the letter's return path", report("bounce+"+ours, "failed", theirs), 2, true, false},
		{"a server folded the address", report("BOUNCE+"+strings.ToUpper(ours), "failed", theirs), 2, true, false},
		{"to us, with our Message-ID", report("postmaster@door.test", "failed", ours), 1, true, false},
		{"only late", report("bounce+"+ours, "delayed", ours), 3, false, false},
		{"about somebody else's letter", report("postmaster@door.test", "failed", theirs), 0, false, true},
		{"without an action", strings.Replace(report("bounce+"+ours, "failed", ours), "Action:", "Inaction:", 1), 0, false, true},
		{"an absence note", "To: bounce+" + ours + "\r\nSubject: On holiday\r\n\r\nBack on Monday.\r\n", 0, false, true},
		{"cut off", report("bounce+"+ours, "failed", ours)[:900], 0, false, true},
		{"too long", "X: " + strings.Repeat("x", maxBounce) + "\r\n" + report("bounce+"+ours, "failed", ours), 0, false, true},
		{"nothing", "", 0, false, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			b, err := ReadBounce(strings.NewReader(row.message))
			if errors.Is(err, ErrNoBounce) != row.wrong {
				t.Fatalf("error %v", err)
			}
			if err != nil {
				return
			}
			if len(b.Tokens) != row.tokens || b.Tokens[0] != bounceTokenA || b.Failed != row.failed {
				t.Errorf("read %+v", b)
			}
			if b.Answer != "550 5.1.1 <gone@acme.test>: Recipient address rejected: User unknown" {
				t.Errorf("answer %q", b.Answer)
			}
		})
	}
}

// Proves: Q7
func TestABounceHasNoLinkInIt(t *testing.T) {
	quoting := strings.Replace(report("bounce+"+bounceTokenA+"@door.test", "failed", ""), "Recipient address rejected:", "https://door.test/?token=rst_AaIBl5SDft6-w_ is spam.", 1)
	b, err := ReadBounce(strings.NewReader(quoting))
	if err != nil || !strings.Contains(b.Answer, "token=[link] is spam.") {
		t.Errorf("%q, %v", b.Answer, err)
	}
}

func FuzzReadBounce(f *testing.F) {
	f.Add(report("bounce+"+bounceTokenA+"@door.test", "failed", bounceTokenA+"@door.test"))
	f.Add("Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\n\r\n--x--")
	f.Fuzz(func(t *testing.T, message string) {
		b, err := ReadBounce(strings.NewReader(message))
		if err == nil && (len(b.Tokens) == 0 || len(b.Tokens) > maxTokens || strings.ContainsAny(b.Answer, "\r\n") || len([]rune(b.Answer)) > maxFact+1) {
			t.Errorf("read %+v", b)
		}
	})
}
