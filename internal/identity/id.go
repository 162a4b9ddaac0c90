package identity

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
)

// IDs are distinct types, so a user's cannot be passed where a tenant's is
// wanted, and carry a prefix, so a log line says what it is about. Behind the
// prefix stands a UUIDv7 (RFC 9562) as 32 hexadecimal digits: ids sort by the
// time they were made.
type (
	TenantID  string
	UserID    string
	SessionID string
	EventID   string
	KeyID     string
	ImportID  string
	TaskID    string
	LinkID    string

	KeptFormID string
)

// The functions below make new ids.
func NewTenantID() TenantID   { return TenantID(newID("ten")) }
func NewUserID() UserID       { return UserID(newID("usr")) }
func NewSessionID() SessionID { return SessionID(newID("ses")) }
func NewEventID() EventID     { return EventID(newID("evt")) }
func NewKeyID() KeyID         { return KeyID(newID("key")) }
func NewImportID() ImportID   { return ImportID(newID("imp")) }
func NewTaskID() TaskID       { return TaskID(newID("tsk")) }
func NewLinkID() LinkID       { return LinkID(newID("lnk")) }

func NewKeptFormID() KeptFormID { return KeptFormID(newID("frm")) }

// Nowhere is the reserved tenant: what belongs to no known tenant (tries at an
// unknown slug, the operator's events, signing keys) belongs to it. No slug
// names it.
const Nowhere TenantID = "ten_00000000000000000000000000000000"

func newID(prefix string) string {
	id := uuid.Must(uuid.NewV7())
	return prefix + "_" + hex.EncodeToString(id[:])
}

// ErrBadID says that a text is not an id of the wanted kind.
var ErrBadID = errors.New("not an id")

// Bytes returns the 16 bytes behind an id's prefix, to be packed into tokens.
func Bytes[ID ~string](id ID) (raw [16]byte, err error) {
	_, digits, _ := strings.Cut(string(id), "_")
	if len(digits) != 32 || strings.ToLower(digits) != digits {
		return raw, ErrBadID
	}
	if _, err := hex.Decode(raw[:], []byte(digits)); err != nil {
		return raw, ErrBadID
	}
	return raw, nil
}

// Made is when an id was made, to the millisecond (RFC 9562, section 5.7).
func Made[ID ~string](id ID) (time.Time, error) {
	raw, err := Bytes(id)
	if err != nil {
		return time.Time{}, err
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(raw[:8]) >> 16)).UTC(), nil
}

// TenantIDFrom and SessionIDFrom are the ways back from Bytes.
func TenantIDFrom(raw [16]byte) TenantID   { return TenantID("ten_" + hex.EncodeToString(raw[:])) }
func SessionIDFrom(raw [16]byte) SessionID { return SessionID("ses_" + hex.EncodeToString(raw[:])) }
