package e2e

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/hearthkey/hearthkey/server/store/sqlite"
)

// cmdGarble overwrites the middle half of each file.
func cmdGarble(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) > 0, "garble PATTERN…")
	for _, arg := range args {
		files, err := filepath.Glob(ts.MkAbs(arg))
		ts.Check(err)
		if len(files) == 0 {
			ts.Fatalf("no file is named like %s", arg)
		}
		for _, path := range files {
			data, err := os.ReadFile(path)
			ts.Check(err)
			for i := len(data) / 4; i < len(data)*3/4; i++ {
				data[i] ^= 0x5a
			}
			ts.Check(os.WriteFile(path, data, 0o600))
		}
	}
}

// cmdNewerSchema says in a database that a later program has changed it.
func cmdNewerSchema(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "newer-schema DATABASE")
	ctx := context.Background()
	driver, err := sqlite.Open(ctx, sqlite.Config{Path: ts.MkAbs(args[0])})
	ts.Check(err)
	err = driver.Migrate(ctx, func(db *sql.DB) error {
		_, err := db.ExecContext(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`)
		return err
	})
	driver.Close()
	ts.Check(err)
}

// cmdTmpfs gives a folder a small file system of its own.
func cmdTmpfs(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "tmpfs FOLDER SIZE")
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Check(syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+args[1]))
	sceneOf(ts).mounts[args[0]] = dir
}

// cmdReadOnly takes the right to write to a file system of ours away.
func cmdReadOnly(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, len(args) == 1, "[!] read-only FOLDER")
	flags := uintptr(syscall.MS_REMOUNT)
	if !neg {
		flags |= syscall.MS_RDONLY
	}
	ts.Check(syscall.Mount("tmpfs", sceneOf(ts).mounts[args[0]], "tmpfs", flags, ""))
}

// cmdFill leaves so many bytes free in a file system of ours.
func cmdFill(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 2, "fill FOLDER BYTES-LEFT")
	left, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	f, err := os.CreateTemp(sceneOf(ts).mounts[args[0]], fillName)
	ts.Check(err)
	defer f.Close()
	size := int64(0)
	for chunk := make([]byte, 64<<10); len(chunk) > 0; {
		n, err := f.Write(chunk)
		size += int64(n)
		switch {
		case errors.Is(err, syscall.ENOSPC):
			chunk = chunk[:len(chunk)/2]
		case err != nil:
			ts.Check(err)
		}
	}
	ts.Check(f.Truncate(size - left))
}

const fillName = "somebody-elses-file"

// cmdMakeRoom takes back all that cmdFill did.
func cmdMakeRoom(ts *testscript.TestScript, neg bool, args []string) {
	need(ts, !neg && len(args) == 1, "make-room FOLDER")
	files, err := filepath.Glob(filepath.Join(sceneOf(ts).mounts[args[0]], fillName+"*"))
	ts.Check(err)
	for _, f := range files {
		ts.Check(os.Remove(f))
	}
}
