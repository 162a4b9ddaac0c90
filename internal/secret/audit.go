package secret

// AuditMAC is what the audit trail's chain is made of: HMAC-SHA256 (RFC 2104)
// over the parts, each with its length, under a key that nothing else uses. The
// first part says what it is for. 32 bytes.
func (k Keys) AuditMAC(purpose string, parts ...string) []byte {
	return keyed(k.sub().audit, append([]string{purpose}, parts...)...)
}

// NewSalt makes what keeps the mac of something guessable, such as an address,
// from telling it once the salt is gone. 16 bytes.
func NewSalt() []byte { return randomBytes(16) }
