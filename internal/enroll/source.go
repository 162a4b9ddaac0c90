package enroll

import (
	"context"
	"errors"
	"io"
	"os"
)

// A source is a file that can be read twice, counting what was read.
type source struct {
	file  io.ReadSeeker
	begin int64 // where in the file it starts
	total int64 // bytes from there to the end
	done  int64 // bytes read, of both readings
	close func()
}

// openSource takes src itself where it can be read again, else a copy in a
// temporary file: pipes and request bodies come only once. The copy has no
// name any more, so nothing remains of the hashes in it after a crash.
func openSource(ctx context.Context, src io.Reader) (*source, error) {
	if file, ok := src.(io.ReadSeeker); ok {
		if s, err := measure(file); err == nil {
			s.close = func() {}
			return s, nil
		}
	}
	copied, err := os.CreateTemp("", "vestibule-import-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(copied.Name()); err != nil {
		return nil, errors.Join(err, copied.Close())
	}
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(copied, src)
		ended <- err
	}()
	select {
	case err = <-ended:
	case <-ctx.Done(): // a terminal may never end; its reader stays behind
		err = ctx.Err()
	}
	if err == nil {
		_, err = copied.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, copied.Close())
	}
	s, err := measure(copied)
	if err != nil {
		return nil, errors.Join(err, copied.Close())
	}
	s.close = func() { copied.Close() }
	return s, nil
}

// measure fails for what only looks like a file, such as a pipe.
func measure(file io.ReadSeeker) (*source, error) {
	begin, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, err
	}
	end, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	_, err = file.Seek(begin, io.SeekStart)
	return &source{file: file, begin: begin, total: end - begin}, err
}

func (s *source) rewind() error {
	_, err := s.file.Seek(s.begin, io.SeekStart)
	return err
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.file.Read(p)
	s.done += int64(n)
	return n, err
}
