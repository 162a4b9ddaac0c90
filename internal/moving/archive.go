package moving

import (
	"bufio"
	"bytes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"

	"github.com/vestibule-id/vestibule/internal/problem"
	"github.com/vestibule-id/vestibule/internal/secret"
)

// An archive is a file sealed with a passphrase, to be carried elsewhere:
//
//	head:   archiveName, " ", secret.Params, " ", salt as base64url, line end
//	pieces: 64 KiB each, the last one shorter or equal, sealed one by one
//
// Passphrase and salt make the key (argon2id, RFC 9106), so no two files have
// the same one and a piece's number can be its nonce. The number, whether it is
// the last, and the head are authenticated with each piece: what is changed,
// cut off, put in, or put in another order does not open.
const (
	archiveName  = "vestibule-archive-1"
	archivePiece = 64 << 10
	maxHead      = 200
)

// archiveParams are dearer than a password's: one is opened once in a while,
// and who has the file can try passphrases as long as they like.
var archiveParams = secret.Params{Memory: 65536, Time: 4, Threads: 1}

// minPassphrase is how many characters a passphrase has at least.
const minPassphrase = 12

// What can be wrong with an archive.
var (
	ErrPassphrase   = problem.New(problem.Invalid, "weak_passphrase", "A passphrase has at least 12 characters.")
	ErrNoArchive    = problem.New(problem.Invalid, "not_an_archive", "The file is none that an export has written.")
	ErrArchiveShut  = problem.New(problem.Invalid, "archive_shut", "The file does not open: the passphrase is another, or the file has been changed.")
	ErrArchiveBroke = problem.New(problem.Invalid, "archive_damaged", "The file has been changed, or is not complete.")
)

// sealArchive returns a writer whose Close ends the archive; without it, what
// was written does not open. Errors are ErrPassphrase and w's.
func sealArchive(w io.Writer, passphrase secret.Password) (io.WriteCloser, error) {
	if len([]rune(passphrase.Reveal())) < minPassphrase {
		return nil, ErrPassphrase
	}
	salt := secret.NewSalt()
	head := fmt.Sprintf("%s %s %s\n", archiveName, archiveParams, base64.RawURLEncoding.EncodeToString(salt))
	if _, err := io.WriteString(w, head); err != nil {
		return nil, err
	}
	return &archiveWriter{pieces: archivePieces{aead: archiveAEAD(archiveParams, passphrase, salt), head: []byte(head)}, to: w}, nil
}

func archiveAEAD(p secret.Params, passphrase secret.Password, salt []byte) cipher.AEAD {
	aead, err := chacha20poly1305.NewX(argon2.IDKey([]byte(passphrase.Reveal()), salt, p.Time, p.Memory, p.Threads, chacha20poly1305.KeySize))
	if err != nil {
		panic(err) // only a wrong key size fails
	}
	return aead
}

// archivePieces counts the pieces of an archive.
type archivePieces struct {
	aead cipher.AEAD
	head []byte
	next uint64
}

// nonce is the piece's number and whether it is the last.
func (a *archivePieces) nonce(last bool) []byte {
	nonce := make([]byte, a.aead.NonceSize())
	binary.BigEndian.PutUint64(nonce, a.next)
	if last {
		nonce[len(nonce)-1] = 1
	}
	a.next++
	return nonce
}

type archiveWriter struct {
	pieces archivePieces
	to     io.Writer
	buffer []byte // not written yet: up to a whole piece, for it may be the last
	failed error
}

// Write seals what is certainly not the end.
func (a *archiveWriter) Write(p []byte) (n int, err error) {
	for len(p) > 0 && a.failed == nil {
		if len(a.buffer) == archivePiece {
			a.seal(false)
		}
		take := min(len(p), archivePiece-len(a.buffer))
		a.buffer, p, n = append(a.buffer, p[:take]...), p[take:], n+take
	}
	return n, a.failed
}

func (a *archiveWriter) seal(last bool) {
	if a.failed == nil {
		_, a.failed = a.to.Write(a.pieces.aead.Seal(nil, a.pieces.nonce(last), a.buffer, a.pieces.head))
		a.buffer = a.buffer[:0]
	}
}

// Close writes the last piece.
func (a *archiveWriter) Close() error {
	a.seal(true)
	if a.failed != nil {
		return a.failed
	}
	a.failed = errors.New("the archive is closed")
	return nil
}

// openArchive returns what sealArchive sealed. Nothing is handed out that was
// not authenticated; but that the archive is whole only its end shows: before
// io.EOF all of it is provisional. Errors, of this and of reading, are
// ErrNoArchive, ErrArchiveShut, ErrArchiveBroke and r's.
func openArchive(r io.Reader, passphrase secret.Password) (io.Reader, error) {
	from := bufio.NewReaderSize(r, archivePiece+1024)
	head, err := from.Peek(maxHead)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	end := bytes.IndexByte(head, '\n') + 1
	words := strings.Split(strings.TrimSuffix(string(head[:end]), "\n"), " ")
	if end == 0 || len(words) != 3 || words[0] != archiveName {
		return nil, ErrNoArchive
	}
	p, err := secret.ParseParams(words[1])
	if err != nil {
		return nil, ErrNoArchive
	}
	salt, err := base64.RawURLEncoding.Strict().DecodeString(words[2])
	if err != nil || len(salt) != len(secret.NewSalt()) {
		return nil, ErrNoArchive
	}
	pieces := archivePieces{aead: archiveAEAD(p, passphrase, salt), head: bytes.Clone(head[:end])}
	if _, err := from.Discard(end); err != nil {
		return nil, err
	}
	return &archiveReader{pieces: pieces, from: from}, nil
}

type archiveReader struct {
	pieces archivePieces
	from   *bufio.Reader
	opened []byte
	last   bool
	failed error
}

// Read opens a piece when the one before is used up.
func (a *archiveReader) Read(p []byte) (n int, err error) {
	for len(a.opened) == 0 && a.failed == nil {
		if a.last {
			a.failed = io.EOF
			break
		}
		a.failed = a.open()
	}
	if len(a.opened) == 0 {
		return 0, a.failed
	}
	n = copy(p, a.opened)
	a.opened = a.opened[n:]
	return n, nil
}

func (a *archiveReader) open() error {
	sealed := make([]byte, archivePiece+a.pieces.aead.Overhead())
	n, err := io.ReadFull(a.from, sealed)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	_, err = a.from.Peek(1)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	first := a.pieces.next == 0
	a.last = err != nil
	a.opened, err = a.pieces.aead.Open(nil, a.pieces.nonce(a.last), sealed[:n], a.pieces.head)
	switch {
	case err == nil:
		return nil
	case first:
		return ErrArchiveShut
	}
	return ErrArchiveBroke
}
